/** Finds and changes what the vaults hold, in memory. Names are case-insensitive. */

import type {
  StoredCollection,
  StoredObject,
  Vault,
  Vaults,
  Version,
  VersionChange,
} from './stored-object.ts'

export const findVault = (vaults: Vaults, name: string): Vault | undefined =>
  vaults.get(name.toLowerCase())

/** Finds an object, even if it is deleted. */
export const find = <V>(
  collection: StoredCollection<V>,
  name: string,
): StoredObject<V> | undefined => collection.get(name.toLowerCase())

/** Finds the requested version, or the newest one even if it is disabled. */
export const findVersion = <V extends Version>(
  object: StoredObject<V>,
  version?: string,
): V | undefined =>
  version === undefined
    ? object.versions.at(-1)
    : object.versions.find((stored) => stored.version === version.toLowerCase())

export const newest = <V extends Version>(object: StoredObject<V>): V => {
  const version = findVersion(object)
  if (version === undefined) throw new Error(`${object.name} has no version`)
  return version
}

/** Adds a version, and creates the object if it doesn't exist. */
export function addVersion<V>(collection: StoredCollection<V>, name: string, version: V) {
  const before = find(collection, name) ?? { name, versions: [] }
  return put(collection, { ...before, versions: [...before.versions, version] })
}

interface Change<V> {
  readonly collection: StoredCollection<V>
  readonly object: StoredObject<V>
  readonly version: V
  readonly change: VersionChange
  readonly now: Date
}

export function changeVersion<V extends Version>(wanted: Change<V>): V {
  const { collection, object, version, change, now } = wanted
  const changed = { ...version, ...change, updated: now }
  put(collection, {
    ...object,
    versions: object.versions.map((old) => (old.version === version.version ? changed : old)),
  })
  return changed
}

/** Soft-deletes the object, or recovers it if the date is undefined. */
export const setDeleted = <V>(
  collection: StoredCollection<V>,
  object: StoredObject<V>,
  deletedAt: Date | undefined,
): StoredObject<V> => put(collection, { ...object, deletedAt })

export const purge = <V>(collection: StoredCollection<V>, { name }: StoredObject<V>): boolean =>
  collection.delete(name.toLowerCase())

function put<V>(collection: StoredCollection<V>, object: StoredObject<V>): StoredObject<V> {
  collection.set(object.name.toLowerCase(), object)
  return object
}
