import { answerOf, asSentence } from '../../../kubernetes/answers.ts'
import { isObject, type JsonObject, objectAt, valueAt } from '../../../lib/shape.ts'
import { groupOf, type Kind, listAll } from '../../cluster/list-all.ts'
import { mayRead } from '../../cluster/may-read.ts'
import { createNotices } from '../../cluster/notices.ts'
import type { Cluster } from '../../cluster/open-cluster.ts'
import type { ListedKind } from './kinds.ts'

export type ReadingCluster = Pick<Cluster, 'get' | 'post' | 'notices'>

/** Which kinds to read in which namespaces. */
export interface ReadScope {
  /** Where to look for objects of a kind that the caller may not list in the whole cluster. */
  readonly namespaces: readonly string[]
  /** Whether the cluster serves a kind. */
  readonly isServed: (kind: Kind) => boolean
  /** Collects the resources that the caller may read only in some namespaces, and in which. */
  readonly partly: Map<string, readonly string[]>
  /** Collects a sentence for each kind that the API server failed to list. */
  readonly broken: Set<string>
}

/** Returns what to keep of an object. Undefined if nothing is needed. */
type Keep = (object: JsonObject) => JsonObject | undefined

/**
 * Finds out which kinds the cluster has. If the caller may not ask, every kind counts as served, because a list of an
 * unknown kind is simply empty.
 */
export async function servedKinds({ get }: Pick<Cluster, 'get'>): Promise<(kind: Kind) => boolean> {
  const answer = await get('/apis').catch(() => undefined)
  const groups = valueAt(answer, 'groups')
  if (!Array.isArray(groups)) return () => true
  const versions = new Set(
    groups
      .flatMap((group: unknown) => valueAt(group, 'versions'))
      .map((version) => `apis/${String(valueAt(version, 'groupVersion'))}`),
  )
  return ({ api }) => api === 'api/v1' || versions.has(api)
}

/**
 * Lists the objects of a kind, in the whole cluster if the caller may do that, else in the namespaces of the scope.
 *
 * @returns undefined if the caller may not list the kind anywhere. For a kind of the whole cluster, a notice says so
 */
export async function listReadable(
  cluster: ReadingCluster,
  kind: ListedKind,
  { scope, keep = withoutManagers }: { readonly scope: ReadScope; readonly keep?: Keep },
): Promise<readonly JsonObject[] | undefined> {
  if (!scope.isServed(kind)) return []
  const right = { what: kind.what, group: groupOf(kind), resource: kind.resource }
  if (kind.isOfCluster)
    return (await mayRead(cluster, right))
      ? await listIn(cluster, kind, { scope, namespace: undefined, keep })
      : undefined
  // Without notices, because there would be one for each kind and namespace.
  const silently = { ...cluster, notices: createNotices() }
  if (await mayRead(silently, right))
    return await listIn(cluster, kind, { scope, namespace: undefined, keep })
  const allowed = await Promise.all(
    scope.namespaces.map((namespace) => mayRead(silently, { ...right, namespace })),
  )
  const readable = scope.namespaces.filter((_, index) => allowed[index])
  scope.partly.set(kind.resource, readable)
  if (readable.length === 0) return undefined
  const lists = await Promise.all(
    readable.map((namespace) => listIn(cluster, kind, { scope, namespace, keep })),
  )
  return lists.includes(undefined) ? undefined : lists.flatMap((list) => list ?? [])
}

/**
 * If the API server fails to list a kind, for example because its conversion webhook is down, the other checks still
 * run.
 */
async function listIn(
  { get, notices }: ReadingCluster,
  kind: ListedKind,
  {
    scope,
    namespace,
    keep,
  }: {
    readonly scope: ReadScope
    readonly namespace: string | undefined
    readonly keep: Keep
  },
): Promise<readonly JsonObject[] | undefined> {
  const kept: JsonObject[] = []
  function onObject(object: unknown) {
    if (!isObject(object)) return
    // The API server leaves the kind out of the items of a list.
    const found = keep({ ...object, kind: kind.kind })
    if (found !== undefined) kept.push(found)
  }
  let sentence: string | undefined
  const noting: typeof get = (...request) =>
    get(...request).catch((error: unknown) => {
      if ((answerOf(error)?.status ?? 0) >= 500) sentence = asSentence(error).message
      throw error
    })
  try {
    await listAll({ get: noting, notices }, kind, { namespace, onObject })
    return kept
  } catch (error) {
    if (sentence === undefined) throw error
    scope.broken.add(`${kind.what} can’t be read: ${sentence}`)
    return undefined
  }
}

/** Removes `managedFields`, which often are half of an object. */
export function withoutManagers(object: JsonObject): JsonObject {
  const { managedFields: _, ...metadata } = objectAt(object, 'metadata')
  return { ...object, metadata }
}
