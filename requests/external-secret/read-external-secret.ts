import type { SecretValue } from '../../delivery/destination.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed } from '../../lib/problems/parsed.ts'
import {
  describeProblem,
  maxKeptProblems,
  type Problem,
  plainProblem,
} from '../../lib/problems/problem.ts'
import {
  below,
  eachOf,
  type Field,
  isFull,
  only,
  parsed,
  refused,
  report,
  reportThat,
  someOf,
  unread,
} from '../../lib/problems/read.ts'
import { valueAt } from '../../lib/shape.ts'
import { parseDuration } from '../../lib/values/parse-duration.ts'
import { maxEntries } from '../account/secret-keys.ts'
import { forbiddenVaults } from '../administrator/choose-vaults.ts'
import type { Policy } from '../administrator/policy.ts'
import { minRefreshSeconds } from '../annotations/pod-settings.ts'
import type { ComposedInput, ComposedTemplate } from '../secret/composition.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import { lackingKeys } from '../secret/secret-types.ts'
import type { CheckedTemplates } from './check-template.ts'
import { dataFromReader, type Item, readDataItem, readStoreRef } from './read-data-items.ts'
import type { ReadStore, StoreContent, StoreRef } from './read-store.ts'
import { type NeededKeys, readTarget } from './read-target.ts'

/** Finds a store by its name. */
export type FindStore = (ref: StoreRef) => StoreContent | undefined

export interface ReadExternalSecret {
  readonly secret: RequestedSecret
  readonly values: readonly SecretValue[]
  readonly refreshSeconds: number
  /** The stores that it names, that exist and that are for us. */
  readonly stores: readonly (ReadStore & StoreRef)[]
  readonly problems: readonly Problem[]
}

const defaultRefreshSeconds = 3600

/**
 * Reads the `spec` of an ExternalSecret (docs/specification.md, "ExternalSecrets").
 *
 * @param options - `findStore`: looks up a store that the spec names; `templates`: those that have been checked already
 */
export function readExternalSecret(
  spec: unknown,
  options: {
    readonly name: string
    readonly namespace: string
    readonly policy: Policy
    readonly findStore: FindStore
    readonly templates?: CheckedTemplates
  },
): ReadExternalSecret {
  const at: Field = { path: ['spec'], problems: [] }
  const {
    refreshInterval,
    secretStoreRef,
    data = [],
    dataFrom = [],
    ...rest
  } = specReader()(spec, at)
  const { secret, template, needed } = readTarget(rest.target, options, below(at, 'target'))
  // In the operator, data overwrites what dataFrom gives.
  const items = [...dataFrom, ...data]
  if (items.length === 0 && at.problems.length === 0)
    reportThat(below(at, 'data'), 'and spec.dataFrom are missing; list the keys of the Secret')
  const resolving = { ...options, at, secret, defaultStore: secretStoreRef }
  const { values, inputs, stores } = resolve(items, resolving)
  if (at.problems.length === 0) {
    checkType(secret.type, { items, template, at })
    checkNeededKeys(needed, items, at)
  }
  return {
    secret: { ...secret, composition: { inputs, ...(template && { template }) } },
    values,
    refreshSeconds: refreshInterval ?? defaultRefreshSeconds,
    stores,
    problems: at.problems.slice(0, maxKeptProblems),
  }
}

/** Go writes `1h0m0s`, and people write fractions: `1.5h` isn't accepted here. */
function parseInterval(interval: string): Parsed<number> {
  const duration = parseDuration(interval)
  return duration.kind === 'valid' && duration.value >= minRefreshSeconds
    ? duration
    : invalid(`expected a duration such as "1h" or "30m", at least ${minRefreshSeconds}s`)
}

const specReader = () =>
  someOf({
    refreshInterval: parsed(parseInterval),
    refreshPolicy: only(['Periodic']),
    secretStoreRef: readStoreRef,
    target: unread,
    data: eachOf(readDataItem, maxEntries),
    dataFrom: eachOf(dataFromReader(), maxEntries),
    syncWindows: refused('values are refreshed at any time; remove it'),
  })

/** The name of the Secret that an ExternalSecret claims, whatever else is wrong with it. */
export function claimedName(spec: unknown, name: string): string {
  const claimed = valueAt(spec, 'target', 'name')
  return typeof claimed === 'string' && claimed !== '' ? claimed : name
}

interface Resolving {
  readonly namespace: string
  readonly policy: Policy
  readonly findStore: FindStore
  readonly at: Field
  readonly secret: RequestedSecret
  readonly defaultStore: StoreRef | undefined
}

/** Finds the vault of each item, and makes the values that represent the inputs. */
function resolve(items: readonly Item[], resolving: Resolving) {
  const { at, secret, defaultStore } = resolving
  const stores = new Map<string, (ReadStore & StoreRef) | undefined>()
  const values: SecretValue[] = []
  const inputs: ComposedInput[] = []
  for (const [index, item] of items.entries()) {
    const { ref, store = defaultStore, path } = item
    if (isFull(at)) break
    if (store === undefined) {
      reportThat({ ...at, path }, 'names no store; set spec.secretStoreRef')
      continue
    }
    const title = `${store.kind} ${store.name}`
    if (!stores.has(title)) stores.set(title, usableStore(store, resolving))
    const vault = stores.get(title)?.vault
    if (vault === undefined) continue
    values.push({
      to: { kind: 'input', secret: secret.name, index },
      object: { vault, ...ref.object },
      ...selectionOf(item),
      ...(ref.format && { format: ref.format }),
    })
    inputs.push(inputOf(item, index))
  }
  return { values, inputs, stores: [...stores.values()].filter((store) => store !== undefined) }
}

/** Which part of its object an item wants. */
function selectionOf({ key, ref: { property } }: Item): Partial<SecretValue> {
  if (key === undefined)
    return { property: '*', ...(property !== undefined && { within: property }) }
  return property === undefined ? {} : { property, propertyLookup: 'gjson' }
}

function inputOf({ key, ref, rewrite }: Item, index: number): ComposedInput {
  const { decoding, conversion, refusesNullBytes } = ref
  const input = { index, decoding, ...(refusesNullBytes && { refusesNullBytes }) }
  return key === undefined
    ? { kind: 'all', ...input, ...(conversion && { conversion }), ...(rewrite && { rewrite }) }
    : { kind: 'key', ...input, key }
}

/** A store that can be used. Adds a problem otherwise. */
function usableStore(
  ref: StoreRef,
  { findStore, at, policy, namespace }: Resolving,
): (ReadStore & StoreRef) | undefined {
  const title = `${ref.kind} ${ref.name}`
  const content = findStore(ref)
  const wrongStore = (sentence: string) => at.problems.push(plainProblem(title + sentence))
  if (content === undefined) wrongStore(' does not exist; apply it')
  else if (content.kind !== 'read') wrongStore(`: ${content.sentence}`)
  if (content?.kind !== 'read') return undefined
  const { vault, problems } = content.store
  const forbidden = forbiddenVaults(vault === undefined ? [] : [vault], { policy, namespace })
  for (const problem of problems) wrongStore(`: ${describeProblem(problem)}`)
  for (const { found, sentence } of forbidden) wrongStore(`: vault "${found}": ${sentence}`)
  return { ...content.store, ...ref }
}

/** Reports a key that the type of the Secret requires and that nothing gives. An `extract` may give any key. */
function checkType(
  type: string,
  found: {
    readonly items: readonly Item[]
    readonly template: ComposedTemplate | undefined
    readonly at: Field
  },
): void {
  const { items, template, at } = found
  const hasInputs = template === undefined || template.keepsInputs
  if (hasInputs && items.some(({ key }) => key === undefined)) return
  const keys = new Set([
    ...(template?.data.keys() ?? []),
    ...(hasInputs ? items.flatMap(({ key }) => key ?? []) : []),
  ])
  for (const key of lackingKeys(type, keys))
    reportThat(
      { ...at, path: [...templatePath, 'type'] },
      `${type} needs the key ${key}, but nothing gives it`,
    )
}

/** Reports a key that a template reads and that nothing gives. An `extract` may give any key. */
function checkNeededKeys(needed: NeededKeys, items: readonly Item[], at: Field): void {
  const keys = new Set(items.map(({ key }) => key))
  if (keys.has(undefined)) return
  for (const [name, neededKeys] of needed)
    for (const key of neededKeys)
      if (!keys.has(key))
        report(
          { ...at, path: [...templatePath, 'data', name] },
          `no item of spec.data has the secretKey "${printable(key)}"`,
        )
}

const templatePath = ['spec', 'target', 'template']
