import { countOf } from '../../lib/count-of.ts'
import { describeProblem, type Problem, plainProblem } from '../../lib/problems/problem.ts'
import type { Policy } from '../administrator/policy.ts'
import { metadataProblems } from '../secret/metadata-problems.ts'
import { boundProblems, refusalOf, type Source } from '../source/source.ts'
import type { CheckedTemplates } from './check-template.ts'
import { type ReadExternalSecret, readExternalSecret } from './read-external-secret.ts'
import type { StoreRef } from './read-store.ts'
import { readStore, type StoreContent, storeRefsIn } from './read-store.ts'
import type { FindStore } from './resolve-items.ts'
import type { SeenWithStatus } from './seen-external-secret.ts'

/** A store as an ExternalSecret finds it. */
export interface FoundStore {
  /** The ServiceAccount that its annotation names. */
  readonly annotated?: string | undefined
  readonly content: StoreContent
}

/** Looks up the store that an ExternalSecret of the namespace names. */
export type FindFoundStore = (ref: StoreRef) => FoundStore | undefined

/** Reads what an ExternalSecret requests. */
export function externalSecretSource(
  seen: SeenWithStatus,
  {
    policy,
    findStore,
    templates = new Map(),
  }: {
    readonly policy: Policy
    readonly findStore: FindFoundStore
    /** Those that have been checked already. */
    readonly templates?: CheckedTemplates
  },
): Source | undefined {
  const { namespace, name, uid, createdAtMs, revision, annotated, content } = seen
  if (content.kind === 'nothing') return undefined
  const ref = { kind: 'ExternalSecret', name } as const
  const base = { ref, uid, createdAtMs, revision, claims: content.claims }
  const unread = { ...base, hints: { annotated }, secrets: [], values: [] }
  if (content.kind === 'refused') return { ...unread, problems: [refusalOf(content)] }
  const spec: unknown = JSON.parse(content.text)
  const other = otherStore(spec, findStore)
  if (other !== undefined) return { ...unread, problems: [plainProblem(other)], isLeftAlone: true }
  const find: FindStore = (store) => findStore(store)?.content
  const options = { name, namespace, policy, findStore: find, templates }
  const read = readExternalSecret(spec, options)
  const tenantId = read.stores.find((store) => store.tenantId !== undefined)?.tenantId
  const unused = unusedOf(read)
  const secrets = [{ ...read.secret, ...content.copied, source: ref }]
  return {
    ...base,
    hints: {
      ...accountOf(read),
      ...(read.lacksStore && { isOpen: true }),
      annotated: annotated ?? annotationOf(read, findStore),
    },
    schedule: read.schedule,
    ...(read.notes.length > 0 && { notes: read.notes }),
    ...(tenantId !== undefined && { tenantId }),
    ...(unused !== '' && { unused }),
    secrets,
    values: read.values,
    ...(read.finds.length > 0 && { finds: read.finds }),
    problems: boundProblems([
      ...read.problems,
      ...disagreements(read),
      ...metadataProblems(secrets, { namespace, policy }),
    ]),
  }
}

/** Reads a store that has been seen. */
export function storeContent(
  { content }: SeenWithStatus,
  options: Parameters<typeof readStore>[1],
): StoreContent {
  switch (content.kind) {
    case 'kept':
      return readStore(JSON.parse(content.text), options)
    case 'refused':
      return { kind: 'unread', sentence: content.sentence }
    case 'nothing':
      return { kind: 'unread', sentence: 'cannot be read' }
    default:
      return content satisfies never
  }
}

/**
 * Says which store of an ExternalSecret belongs to another controller. As with the operator, one such store is enough: the
 * whole ExternalSecret then belongs to the other controller, whatever the rest of it says.
 */
function otherStore(spec: unknown, findStore: FindFoundStore): string | undefined {
  for (const ref of storeRefsIn(spec)) {
    const content = findStore(ref)?.content
    if (content?.kind === 'other') return `${ref.kind} ${ref.name}: ${content.sentence}`
  }
  return undefined
}

/** An Event has room for a few sentences. */
const maxUnused = 5

/** Says which fields of the stores have no effect. */
function unusedOf({ stores }: ReadExternalSecret): string {
  const sentences = stores.flatMap(({ kind, name, unused }) =>
    unused.map((problem) => `${kind} ${name}: ${describeProblem(problem)}`),
  )
  const more = sentences.length - maxUnused
  return [
    ...sentences.slice(0, maxUnused),
    ...(more > 0 ? [`${countOf(more, 'other field')} of its stores without effect`] : []),
  ].join('; ')
}

const accountOf = ({ stores }: ReadExternalSecret): { readonly account?: string } => {
  const account = stores.find((store) => store.account !== undefined)?.account
  return account === undefined ? {} : { account }
}

const annotationOf = ({ stores }: ReadExternalSecret, findStore: FindFoundStore) =>
  stores.map((store) => findStore(store)?.annotated).find((annotated) => annotated !== undefined)

/** A sentence of an Event has no room for more. */
const maxNames = 10

/** One account reads all of an ExternalSecret, so its stores must not name different ones. */
function disagreements({ stores }: ReadExternalSecret): readonly Problem[] {
  return (['account', 'tenantId'] as const).flatMap((member) => {
    const found = new Set(stores.flatMap((store) => store[member] ?? []))
    const what = member === 'account' ? 'ServiceAccounts' : 'tenants'
    return found.size > 1
      ? [
          plainProblem(
            `its stores name different ${what}: ${[...found].slice(0, maxNames).join(', ')}; use one ExternalSecret for each`,
          ),
        ]
      : []
  })
}
