/** Reads an object of the data file, whichever sort it is of: one version, or a list of them. */

import type { ObjectData, VersionData } from './data.ts'
import {
  andThen,
  date,
  entriesOf,
  flag,
  isMapping,
  listOf,
  lowerCase,
  optional,
  type Read,
  type Result,
  record,
  stringMap,
  text,
  withDefault,
  wrong,
  wrongKind,
} from './read-value.ts'

/** What versions of all sorts may have. */
export const versionFields = {
  version: optional(
    lowerCase(text('32 hexadecimal digits', (found) => /^[0-9a-f]{32}$/i.test(found))),
  ),
  tags: optional(stringMap),
  enabled: withDefault(flag, true),
  created: optional(date),
  expires: optional(date),
  notBefore: optional(date),
}

export interface ObjectFormat<V extends VersionData> {
  /** For people: `secret`. */
  readonly kind: string
  /** The keys of a version. */
  readonly fields: Readonly<Record<string, Read<unknown>>>
  /** A version of that name, from a mapping with these keys. */
  readonly readVersion: (name: string) => Read<V>
  /** A version from what is no mapping. Absent: that is a problem. */
  readonly readShort?: Read<V>
}

/** Reads a mapping from names to objects. */
export function objectsOf<V extends VersionData>(
  format: ObjectFormat<V>,
): Read<readonly ObjectData<V>[]> {
  return andThen(
    withDefault(
      entriesOf((name) => readObject(format, name)),
      [],
    ),
    uniqueNames,
  )
}

function readObject<V extends VersionData>(
  { kind, fields, readVersion, readShort }: ObjectFormat<V>,
  name: string,
): Read<ObjectData<V>> {
  const version = readVersion(name)
  const envelope = {
    deleted: withDefault(flag, false),
    versions: optional(listOf(version)),
  }
  const readAll = record({ ...fields, ...envelope })
  const readEnvelope = record(envelope)
  const only = (one: V): Result<ObjectData<V>> => ({
    value: { name, deleted: false, versions: [one] },
  })
  return (found, at) => {
    if (!/^[0-9a-z-]{1,127}$/i.test(name))
      return wrong(at, name, `1 to 127 letters, digits and hyphens as the name of a ${kind}`)
    if (!isMapping(found) && readShort !== undefined) return andThen(readShort, only)(found, at)
    const all = readAll(found, at)
    if ('problems' in all) return all
    if (!isMapping(found)) return wrongKind(at, found, `a ${kind}`)
    const { deleted, versions, ...single } = found
    return andThen(readEnvelope, (read) =>
      read.versions === undefined
        ? andThen(version, (one) => ({ value: { name, ...read, versions: [one] } }))(single, at)
        : checkVersions({ name, ...read, versions: read.versions }, Object.keys(single), at),
    )({ deleted, versions }, at)
  }
}

function checkVersions<V extends VersionData>(
  object: ObjectData<V>,
  beside: readonly string[],
  at: string,
): Result<ObjectData<V>> {
  const ids = object.versions.flatMap((one) => one.version ?? [])
  if (new Set(ids).size < ids.length)
    return { problems: [`${at}.versions: two have the same "version"; accepted: each its own`] }
  if (beside.length > 0)
    return {
      problems: [`${at}: ${beside.join(', ')} beside "versions"; accepted: in each version`],
    }
  return object.versions.length > 0
    ? { value: object }
    : { problems: [`${at}.versions: found an empty list; accepted: one version or more`] }
}

/** Key Vault's names have no case: two that differ in nothing else would be one object. */
export function uniqueNames<T extends { readonly name: string }>(
  named: readonly T[],
  at: string,
): Result<readonly T[]> {
  const seen = new Map<string, string>()
  const problems: string[] = []
  for (const { name } of named) {
    const earlier = seen.get(name.toLowerCase())
    if (earlier !== undefined)
      problems.push(`${at}: "${earlier}" and "${name}" are the same name: case doesn't count`)
    seen.set(name.toLowerCase(), name)
  }
  return problems.length > 0 ? { problems } : { value: named }
}
