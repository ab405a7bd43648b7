import type { Wanted } from '../../delivery/contract.ts'
import { neededValues } from '../../delivery/needed-values.ts'
import { indexFiles } from '../../delivery/projection/compare-content.ts'
import type { Content } from '../../delivery/projection/project-content.ts'
import { neededObjectKeys } from '../../delivery/projection/wanted-objects.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import type { SyncConfig } from '../../requests/account/account-request.ts'
import { filesOfSecret } from '../../requests/account/account-request.ts'
import { syncedAnnotation } from '../../requests/secret/names.ts'
import {
  readObjectVersions,
  splitObjectVersions,
  unversionedName,
} from '../../requests/secret/object-versions.ts'
import type { StoredSecret } from './stored-secret.ts'

/** A vault object whose value a Secret holds. */
export interface SyncedObject {
  readonly reference: ObjectReference
  /** Absent if unknown, such as after a restart. */
  readonly version?: string
  /**
   * Whether the Secret has a value for the entry. It may be another object's value, which stays until this one has been
   * fetched.
   */
  readonly hasValue: boolean
}

/**
 * The vault objects of one Secret.
 *
 * @param round - `versions`: of the values in the content, by `versionKeyAt`; incomplete after a restart. `removed`: the
 *   `objectKey`s of objects that the vault doesn't have, whose values `on-deleted: remove` removes
 */
export function syncedObjects(
  name: string,
  round: {
    readonly config: Pick<SyncConfig, 'files' | 'onDeleted'>
    readonly versions: ReadonlyMap<string, string>
    readonly removed: Pick<ReadonlySet<string>, 'has'>
    readonly content: Pick<Content, 'files'>
  },
): readonly SyncedObject[] {
  const { config, versions, removed, content } = round
  const hasRequiredFiles = indexFiles(content.files)
  return filesOfSecret(name, config).flatMap((file) => {
    const isRemoved = neededObjectKeys(file).some((key) => removed.has(key))
    if (config.onDeleted === 'remove' && isRemoved) return []
    const hasValue = hasRequiredFiles(file)
    const references = neededValues(file).map(({ object }) => object)
    return versionKeys(file).flatMap((key, i): readonly SyncedObject[] => {
      const [reference, version] = [references[i], versions.get(key)]
      return reference ? [{ reference, hasValue, ...(version !== undefined && { version }) }] : []
    })
  })
}

/** Identifies the versions that a value comes from, in the order of `neededValues`. */
export const versionKeys = (value: Wanted): readonly string[] =>
  neededObjectKeys(value).map((key, i) =>
    versionKeyAt(key, i === 0 ? (value.versionIndex ?? 0) : 0),
  )

/** As {@link versionKeys}, for one of the versions that were fetched with this `objectKey`. */
export const versionKeyAt = (key: string, index: number): string =>
  index === 0 ? key : `${key} number ${index}`

/**
 * The text of the annotation `akv-injector.io/synced`: `team-a:db-password@0123…, team-a:tls/web@4567…`.
 *
 * @param options - `before`: the existing annotation, whose versions are kept for objects of unknown version;
 *   `areKeysKept`: the Secret keeps keys whose entries are gone, so their objects stay listed
 */
export function syncedText(
  objects: readonly SyncedObject[],
  options: {
    readonly before?: string | undefined
    readonly areKeysKept?: boolean | undefined
  } = {},
): string {
  const { before = '', areKeysKept = false } = options
  const known = splitObjectVersions(before)
  const prefixOf = (entry: string) => entry.slice(0, entry.indexOf('@') + 1)
  const knownBy = Map.groupBy(known, prefixOf)
  const entriesOf = ({ reference, version }: SyncedObject) => {
    const prefix = `${unversionedName(reference)}@`
    return version === undefined ? (knownBy.get(prefix) ?? []) : [prefix + version]
  }
  const entries = objects.flatMap(entriesOf)
  // A key whose entry was changed keeps its old value until the new object has been fetched. We don't know which of the
  // listed objects that value is from, so all of them stay listed.
  const isOfOthers = objects.some((object) => object.hasValue && entriesOf(object).length === 0)
  const prefixes = new Set(objects.map(({ reference }) => `${unversionedName(reference)}@`))
  const others = known.filter((entry) => !prefixes.has(prefixOf(entry)))
  const kept = areKeysKept || isOfOthers ? others : []
  return [...new Set([...entries, ...kept])].sort().join(', ')
}

/**
 * The objects whose values a stored Secret holds, each of its versions once. An object without a version is of an unknown
 * one: its value was read from the Secret, whose annotation somebody has removed.
 */
export function heldObjects(
  stored: StoredSecret | undefined,
  objects: readonly SyncedObject[],
): readonly ObjectReference[] {
  if (stored === undefined) return []
  const listed = readObjectVersions(stored.annotations.get(syncedAnnotation) ?? '')
  const names = new Set(objects.map(({ reference }) => unversionedName(reference)))
  // The value may be of an object that was requested before, which is still listed.
  if (listed.some((object) => !names.has(unversionedName(object)))) return listed
  const listedNames = new Set(listed.map(unversionedName))
  const unlisted = objects
    .filter(({ hasValue, version }) => hasValue && version === undefined)
    .map(
      ({ reference: { version: _, ...reference } }) =>
        [unversionedName(reference), reference] as const,
    )
    .filter(([name]) => !listedNames.has(name))
  return [...listed, ...new Map(unlisted).values()]
}
