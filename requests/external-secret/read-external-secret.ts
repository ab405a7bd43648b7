import type { SecretValue } from '../../delivery/destination.ts'
import { printable } from '../../lib/printable.ts'
import { describePath, maxKeptProblems, type Problem } from '../../lib/problems/problem.ts'
import {
  below,
  eachOf,
  type Field,
  report,
  reportThat,
  someOf,
  unread,
} from '../../lib/problems/read.ts'
import { valueAt } from '../../lib/shape.ts'
import { maxEntries } from '../account/secret-keys.ts'
import type { Policy } from '../administrator/policy.ts'
import type { RefreshSchedule } from '../schedule/refresh-due.ts'
import type { ComposedTemplate } from '../secret/composition.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import { lackingKeys } from '../secret/secret-types.ts'
import type { CheckedTemplates } from './check-template.ts'
import { dataFromReader, type Item, readDataItem, readStoreRef } from './read-data-items.ts'
import { readInterval, readPolicy, readWindows, scheduleOf } from './read-schedule.ts'
import type { ReadStore, StoreRef } from './read-store.ts'
import { type NeededKeys, readTarget } from './read-target.ts'
import { type FindStore, resolveItems } from './resolve-items.ts'

export interface ReadExternalSecret {
  readonly secret: RequestedSecret
  readonly values: readonly SecretValue[]
  readonly finds: readonly SecretFind[]
  readonly schedule: RefreshSchedule
  /** Sentences for its owner that don't stop it. */
  readonly notes: readonly string[]
  /** The stores that it names, that exist and that are for us. */
  readonly stores: readonly (ReadStore & StoreRef)[]
  /** Whether it names a store that isn't among these. */
  readonly lacksStore: boolean
  readonly problems: readonly Problem[]
}

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
  const { secretStoreRef, data = [], dataFrom = [], ...rest } = specReader()(spec, at)
  const { secret, template, onGone, needed } = readTarget(rest.target, options, below(at, 'target'))
  // In the operator, data overwrites what dataFrom gives.
  const items = [...dataFrom, ...data]
  if (items.length === 0 && at.problems.length === 0)
    reportThat(below(at, 'data'), 'and spec.dataFrom are missing; list the keys of the Secret')
  const resolving = { ...options, at, secret, defaultStore: secretStoreRef }
  const { values, finds, inputs, stores, lacksStore } = resolveItems(items, resolving)
  if (at.problems.length === 0) {
    checkType(secret.type, { items, template, at })
    checkNeededKeys(needed, items, at)
  }
  const { schedule, notes } = scheduleOf(rest)
  return {
    secret: {
      ...secret,
      composition: { inputs, ...(template && { template }), ...(onGone && { onGone }) },
    },
    values,
    finds,
    schedule,
    notes: [...notes, ...items.flatMap(notesOn)],
    stores,
    lacksStore,
    problems: at.problems.slice(0, maxKeptProblems),
  }
}

/** Says which fields of an item have no effect. */
const notesOn = ({ find, path }: Item): readonly string[] =>
  find?.hasPath
    ? [
        `${describePath([...path, 'find', 'path'])} has no effect; Key Vault has no folders, so name.regexp and tags are compared with all secrets of the vault`,
      ]
    : []

const specReader = () =>
  someOf({
    refreshInterval: readInterval,
    refreshPolicy: readPolicy,
    secretStoreRef: readStoreRef,
    target: unread,
    data: eachOf(readDataItem, maxEntries),
    dataFrom: eachOf(dataFromReader(), maxEntries),
    syncWindows: readWindows,
  })

/** The name of the Secret that an ExternalSecret claims, whatever else is wrong with it. */
export function claimedName(spec: unknown, name: string): string {
  const claimed = valueAt(spec, 'target', 'name')
  return typeof claimed === 'string' && claimed !== '' ? claimed : name
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
