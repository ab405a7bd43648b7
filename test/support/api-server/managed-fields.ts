/**
 * The one model of server-side apply in the tests. It tracks which manager owns which fields of an object, as the API
 * server does in `metadata.managedFields`; the cluster tests compare it with a real one. A list is one field, except
 * `metadata.ownerReferences`, whose entries are fields.
 */

import { isDeepStrictEqual } from 'node:util'
import type { ApiObject, ManagedFields } from './api-object.ts'

/** Maps the path of each field, such as `f:data` and `f:password` on two lines, to the field's value. */
type Fields = ReadonlyMap<string, unknown>

export interface FieldConflict {
  readonly manager: string
  /** As the API server names it: `.data.password`. */
  readonly field: string
}

/** Applies fields to an object by server-side apply. Without `force`, it gives the conflicts with other managers, if any. */
export function applyFields<T extends ApiObject>(
  object: T,
  options: {
    readonly applied: Partial<ApiObject>
    readonly manager: string
    readonly force: boolean
  },
): { readonly object: T } | { readonly conflicts: readonly FieldConflict[] } {
  const { manager, force } = options
  const now = fieldsOf(object)
  const wanted = fieldsOf(options.applied)
  const entries = object.metadata.managedFields ?? []
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Apply'
  const others = entries.filter((entry) => !isOwn(entry))
  const differs = (name: string) =>
    wanted.has(name) && !isDeepStrictEqual(now.get(name), wanted.get(name))
  const conflicts = others.flatMap((entry) =>
    ownedBy(entry)
      .filter(differs)
      .map((name) => ({ manager: entry.manager, field: printedPath(name) })),
  )
  if (conflicts.length > 0 && !force) return { conflicts }
  const kept = withoutFields(others, differs)
  const ownedByOthers = new Set(kept.flatMap(ownedBy))
  const fields = new Map([...now, ...wanted])
  for (const name of entries.filter(isOwn).flatMap(ownedBy))
    if (!wanted.has(name) && !ownedByOthers.has(name)) fields.delete(name)
  const fieldsV1 = toFieldsV1([...wanted.keys()].sort())
  // The API server sorts its entries, and those of an Apply come first.
  const managedFields = [{ manager, operation: 'Apply', fieldsV1 } as const, ...kept]
  return { object: withManagers(withFields(object, fields), managedFields) }
}

/** Records an ordinary write: its manager owns the fields that it changed from then on, and nobody else does. */
export function recordUpdate<T extends ApiObject>(
  before: T | undefined,
  { after, manager }: { readonly after: T; readonly manager: string },
): T {
  const old = before ? fieldsOf(before) : new Map()
  const now = fieldsOf(after)
  const changed = new Set(
    [...old.keys(), ...now.keys()].filter(
      (name) => !isDeepStrictEqual(old.get(name), now.get(name)),
    ),
  )
  if (changed.size === 0) return after
  const entries = after.metadata.managedFields ?? []
  const isOwn = (entry: ManagedFields) => entry.manager === manager && entry.operation === 'Update'
  const others = withoutFields(
    entries.filter((entry) => !isOwn(entry)),
    (name) => changed.has(name),
  )
  const owned = [...new Set([...entries.filter(isOwn).flatMap(ownedBy), ...changed])]
  const fieldsV1 = toFieldsV1(owned.filter((name) => now.has(name)))
  return withManagers(after, [...others, { manager, operation: 'Update', fieldsV1 }])
}

/** Gives the paths of all fields that an entry owns. */
export function ownedBy({ fieldsV1 }: ManagedFields): readonly string[] {
  const paths = (tree: object, prefix: string): readonly string[] =>
    Object.entries(tree)
      // The dot stands for the map itself.
      .filter(([key]) => key !== '.')
      .flatMap(([key, below]) => {
        const found = paths(below as object, `${prefix}${key}\n`)
        return found.length > 0 ? found : [`${prefix}${key}`]
      })
  return paths(fieldsV1, '')
}

const ownersPath = 'f:metadata\nf:ownerReferences'

function fieldsOf({ apiVersion: _, kind: __, metadata, ...content }: Partial<ApiObject>): Fields {
  const { labels, annotations, finalizers, ownerReferences = [] } = metadata ?? {}
  return new Map([
    ...leavesOf({ ...content, metadata: { labels, annotations, finalizers } }, ''),
    ...ownerReferences.map(
      (owner) => [`${ownersPath}\nk:{"uid":"${owner.uid}"}`, owner] as [string, unknown],
    ),
  ])
}

const leavesOf = (tree: object, prefix: string): [string, unknown][] =>
  Object.entries(tree).flatMap(([key, value]) => {
    const path = `${prefix}f:${key}`
    if (value === undefined || value === null) return []
    const isMap = typeof value === 'object' && !Array.isArray(value)
    return isMap ? leavesOf(value, `${path}\n`) : [[path, value]]
  })

export function toFieldsV1(names: Iterable<string>): object {
  const tree: Record<string, unknown> = {}
  for (const name of names) setAt(tree, name.split('\n'), {})
  return tree
}

/** Gives the object with these fields and no others. What isn't a field, such as its uid, stays. */
function withFields<T extends ApiObject>(object: T, fields: Fields): T {
  const changed = structuredClone(object)
  for (const name of fieldsOf(object).keys()) if (!fields.has(name)) deleteAt(changed, keysOf(name))
  const isOwner = (name: string) => name.startsWith(ownersPath)
  for (const [name, value] of fields) if (!isOwner(name)) setAt(changed, keysOf(name), value)
  const ownerReferences = [...fields].filter(([name]) => isOwner(name)).map(([, owner]) => owner)
  return { ...changed, metadata: { ...changed.metadata, ownerReferences } }
}

/** Takes fields out of the entries, and drops entries that own nothing afterwards. */
const withoutFields = (
  entries: readonly ManagedFields[],
  isGone: (name: string) => boolean,
): readonly ManagedFields[] =>
  entries
    .map((entry) => ({ entry, names: ownedBy(entry).filter((name) => !isGone(name)) }))
    .filter(({ names }) => names.length > 0)
    .map(({ entry, names }) => ({ ...entry, fieldsV1: toFieldsV1(names) }))

const withManagers = <T extends ApiObject>(
  object: T,
  managedFields: readonly ManagedFields[],
): T => ({ ...object, metadata: { ...object.metadata, managedFields } })

const keysOf = (name: string): readonly string[] =>
  name.split('\n').map((part) => part.replace('f:', ''))

function setAt(tree: object, keys: readonly string[], value: unknown): void {
  const parent = keys.slice(0, -1).reduce(
    (place, key) => {
      if (!Object.hasOwn(place, key)) place[key] = {}
      return place[key] as Record<string, unknown>
    },
    tree as Record<string, unknown>,
  )
  parent[keys.at(-1) ?? ''] = value
}

function deleteAt(tree: object, keys: readonly string[]): void {
  const parent = keys
    .slice(0, -1)
    .reduce((place, key) => place[key] as Record<string, unknown>, tree as Record<string, unknown>)
  delete parent[keys.at(-1) ?? '']
}

const printedPath = (name: string): string => `.${keysOf(name).join('.')}`
