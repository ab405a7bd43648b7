import type { SecretValue } from '../../delivery/destination.ts'
import { describeProblem, type FieldPath, plainProblem } from '../../lib/problems/problem.ts'
import { type Field, isFull, reportThat } from '../../lib/problems/read.ts'
import { forbiddenVaults } from '../administrator/choose-vaults.ts'
import type { Policy } from '../administrator/policy.ts'
import type { ComposedInput } from '../secret/composition.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import type { Item, RefItem } from './read-data-items.ts'
import type { ReadStore, StoreContent, StoreRef } from './read-store.ts'

/** Finds a store by its name. */
export type FindStore = (ref: StoreRef) => StoreContent | undefined

interface Resolving {
  readonly namespace: string
  readonly policy: Policy
  readonly findStore: FindStore
  readonly at: Field
  readonly secret: RequestedSecret
  readonly defaultStore: StoreRef | undefined
}

/** Finds the vault of each item, and makes the values and finds that represent the inputs. */
export function resolveItems(items: readonly Item[], resolving: Resolving) {
  const { at, secret, defaultStore } = resolving
  const stores = new Map<string, (ReadStore & StoreRef) | undefined>()
  const values: SecretValue[] = []
  const finds: SecretFind[] = []
  const inputs: ComposedInput[] = []
  for (const [index, item] of items.entries()) {
    const { store = defaultStore, path } = item
    const storePath = item.store === undefined ? ['spec', 'secretStoreRef'] : path
    if (isFull(at)) break
    if (store === undefined) {
      reportThat({ ...at, path }, 'names no store; set spec.secretStoreRef')
      continue
    }
    const title = `${store.kind} ${store.name}`
    if (!stores.has(title)) stores.set(title, usableStore(store, storePath, resolving))
    const vault = stores.get(title)?.vault
    if (vault === undefined) continue
    const to = { kind: 'input', secret: secret.name, index } as const
    if (item.find !== undefined) finds.push({ to, vault, criteria: item.find.criteria })
    else values.push(wantedValue(item, { to, vault }))
    inputs.push(inputOf(item, index))
  }
  return {
    values,
    finds,
    inputs,
    stores: [...stores.values()].filter((store) => store !== undefined),
    lacksStore: [...stores.values()].includes(undefined),
  }
}

const wantedValue = (item: RefItem, at: Pick<SecretFind, 'to' | 'vault'>): SecretValue => ({
  to: at.to,
  object: { vault: at.vault, ...item.ref.object },
  ...selectionOf(item),
  ...(item.ref.format && { format: item.ref.format }),
})

/** Which part of its object an item wants. */
function selectionOf({ key, ref: { property } }: RefItem): Partial<SecretValue> {
  if (key === undefined)
    return { property: '*', ...(property !== undefined && { within: property }) }
  return property === undefined ? {} : { property, propertyLookup: 'gjson' }
}

function inputOf({ key, ref, find, rewrite }: Item, index: number): ComposedInput {
  const { decoding, conversion, refusesNullBytes } = find === undefined ? ref : find
  const input = { index, decoding, ...(refusesNullBytes && { refusesNullBytes }) }
  return key === undefined
    ? {
        ...{ kind: 'all', ...input },
        ...(conversion && { conversion }),
        ...(rewrite && { rewrite }),
        ...(find && { isFind: true }),
      }
    : { kind: 'key', ...input, key }
}

/** A store that can be used. Adds a problem otherwise, at the path of the reference. */
function usableStore(
  ref: StoreRef,
  path: FieldPath,
  { findStore, at, policy, namespace }: Resolving,
): (ReadStore & StoreRef) | undefined {
  const title = `${ref.kind} ${ref.name}`
  const content = findStore(ref)
  const wrongStore = (sentence: string) => at.problems.push(plainProblem(title + sentence, path))
  if (content === undefined) wrongStore(' does not exist; apply it')
  else if (content.kind !== 'read') wrongStore(`: ${content.sentence}`)
  if (content?.kind !== 'read') return undefined
  const { vault, problems } = content.store
  const forbidden = forbiddenVaults(vault === undefined ? [] : [vault], { policy, namespace })
  for (const problem of problems) wrongStore(`: ${describeProblem(problem)}`)
  for (const { found, sentence } of forbidden) wrongStore(`: vault "${found}": ${sentence}`)
  return { ...content.store, ...ref }
}
