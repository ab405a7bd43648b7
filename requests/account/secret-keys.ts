import type { SecretValue } from '../../delivery/destination.ts'
import { partNames } from '../../delivery/target-path.ts'
import { isFolder } from '../../keyvault/reference.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { describeField, describeProblem, plainProblem } from '../../lib/problems/problem.ts'
import { below, type Field, report, reportThat } from '../../lib/problems/read.ts'
import {
  type Entry,
  type FindEntry,
  parseObjectList,
} from '../annotations/objects/parse-object-list.ts'
import { parseCsiObjects, readCsiObjects } from '../annotations/objects/read-csi-objects.ts'
import { toWantedValue, toWantedWhole } from '../annotations/objects/to-wanted.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import { dataKeyProblem, lackingKeys } from '../secret/secret-types.ts'

/** The Secret's metadata names all entries with their versions, and the API server bounds its size. */
export const maxEntries = 500

/**
 * Reads the keys of a Secret: `data` in the grammar of `akv-injector.io/secrets`, whose targets are keys here, and
 * `objects`, the CSI provider's list.
 *
 * @returns the values of the keys that can be read, and the finds that add keys
 */
export function readSecretKeys(
  secret: { readonly name: string; readonly type: string },
  written: { readonly data: unknown; readonly objects: unknown; readonly defaultVault?: string },
  at: Field,
): SecretKeys {
  const before = at.problems.length
  const data = readData(secret.name, written, below(at, 'data'))
  const values = [...data.values, ...readObjects(secret.name, written, below(at, 'objects'))]
  const { finds } = data
  if (values.length > maxEntries)
    report(at, `found ${values.length} entries; accepted: at most ${maxEntries} for one Secret`)
  else {
    for (const conflict of conflicts(values, finds)) report(at, conflict)
    if (finds.length > 0) reportUnfound(secret.type, at)
    else reportLacking(secret.type, values, at)
  }
  if (values.length + finds.length === 0 && at.problems.length === before)
    report(at, 'lists no keys; write "data: KEY=OBJECT"')
  return { values, finds }
}

interface SecretKeys {
  readonly values: readonly SecretValue[]
  readonly finds: readonly SecretFind[]
}

const noKeys: SecretKeys = { values: [], finds: [] }

type Written = Parameters<typeof readSecretKeys>[1]

function readData(secret: string, { data, defaultVault }: Written, at: Field): SecretKeys {
  if (data == null) return noKeys
  if (typeof data !== 'string') {
    report(at, 'expected a string such as "password=db-password, url=db#connection.url"')
    return noKeys
  }
  const list = parseObjectList(data, { defaultVault, targetProblem: writtenKeyProblem })
  const { path, problems } = at
  for (const { location, sentence } of list.problems)
    if (location === undefined) problems.push(plainProblem(`data, ${sentence}`, path))
    else report(inList(at, location), sentence)
  const readable = <T>(location: string, read: Parsed<T>): readonly T[] => {
    if (read.kind === 'valid') return [read.value]
    report(inList(at, location), read.problem)
    return []
  }
  return {
    values: list.entries.flatMap((entry) => readable(entry.location, keyFile(secret, entry))),
    finds: list.finds.flatMap((entry) => readable(entry.location, keyFind(secret, entry))),
  }
}

/** A find gives the Secret a key for each secret that it finds. A Secret has no folders. */
function keyFind(secret: string, { target, find, optional }: FindEntry): Parsed<SecretFind> {
  const { vault, ...criteria } = find
  return target === './'
    ? valid({ to: { kind: 'key', secret }, vault, criteria, ...(optional && { optional }) })
    : invalid(
        `"find:" makes a key of each secret, and a Secret has no folders; write ./=find:${find.pattern}`,
      )
}

/** What is found isn't known yet, so nothing promises the keys that a type needs. */
function reportUnfound(type: string, at: Field): void {
  const keys = lackingKeys(type, new Set())
  if (keys.length > 0)
    reportThat(
      below(at, 'type'),
      `${type} needs the keys ${keys.join(', ')}, which "find:" may not find`,
    )
}

/** An entry of a list that is text. Messages name it. */
const inList = (at: Field, location: string): Field => ({
  ...at,
  subject: `${describeField(at)}, ${location}`,
})

/** Checks a key before the type of its entry is known. "." is valid for entries that fill the Secret. */
const writtenKeyProblem = (key: string): string | undefined =>
  key === '.' ? undefined : dataKeyProblem(key)

/** The value of an entry. It has no key of its own if it fills the Secret (`tls/`, `#*`). */
function keyFile(secret: string, entry: Entry): Parsed<SecretValue> {
  const { target, reference } = entry
  const { object, property } = reference
  if (isFolder(reference)) {
    if (target === undefined || target === '.')
      return valid({ to: { kind: 'key', secret }, ...toWantedValue(entry) })
    return property === '*'
      ? invalid('"#*" makes a key of each property: write it without a target')
      : invalid('"tls/" gives the keys tls.crt, tls.key and ca.crt: write it without a target')
  }
  const key = target ?? object.name
  const problem = dataKeyProblem(key)
  return problem === undefined
    ? valid({ to: { kind: 'key', secret, key }, ...toWantedWhole(entry) })
    : invalid(problem)
}

function readObjects(
  secret: string,
  { objects, defaultVault }: Written,
  at: Field,
): readonly SecretValue[] {
  if (objects == null) return []
  const list =
    typeof objects === 'string'
      ? parseCsiObjects(objects, { vault: defaultVault })
      : readCsiObjects(objects, { vault: defaultVault })
  for (const problem of list.problems)
    at.problems.push(plainProblem(`objects, ${describeProblem(problem)}`, at.path))
  return list.files.flatMap(({ location, file }): readonly SecretValue[] => {
    const { path: key, mode: _, versions, ...value } = file
    const problem =
      versions === undefined
        ? dataKeyProblem(key)
        : 'a history (objectVersionHistory) is a folder of files, and a Secret cannot have folders'
    if (problem === undefined) return [{ to: { kind: 'key', secret, key }, ...value }]
    report(inList(at, `${location}, "${printable(key)}"`), problem)
    return []
  })
}

/** The keys that a value writes. Those of `#*` aren't known yet. */
const keysOf = ({ to, ...value }: SecretValue): readonly string[] =>
  partNames(value) ?? (to.kind === 'key' && to.key !== undefined ? [to.key] : [])

function conflicts(
  values: readonly SecretValue[],
  finds: readonly SecretFind[],
): readonly string[] {
  const written = new Set<string>()
  const problems = new Set<string>()
  let isFilled = false
  for (const value of values) {
    const isAll = value.property === '*'
    if (isFilled || (isAll && written.size > 0))
      problems.add('"#*" gives all keys of its Secret: no other entry can stand beside it')
    else if (isAll) isFilled = true
    else
      for (const key of keysOf(value))
        if (written.has(key))
          problems.add(
            `two entries write the key "${printable(key)}"; give one of them another key: KEY=OBJECT`,
          )
        else written.add(key)
  }
  if (finds.length > 0 && values.length + finds.length > 1)
    problems.add('"find:" gives all keys of its Secret: no other entry can stand beside it')
  return [...problems]
}

/** Requires an entry that isn't optional for each key that the type needs. The keys of `#*` aren't known yet. */
export function reportLacking(type: string, values: readonly SecretValue[], at: Field): void {
  if (values.length === 0 || values.some(({ property }) => property === '*')) return
  const lacking = lackingKeys(type, new Set(values.flatMap(keysOf)))
  const required = values.filter((value) => value.optional !== true)
  const optional = lackingKeys(type, new Set(required.flatMap(keysOf)))
  const ofType = below(at, 'type')
  for (const key of lacking)
    reportThat(ofType, `${type} needs the key ${key}, but no entry writes it`)
  for (const key of optional)
    if (!lacking.includes(key))
      reportThat(ofType, `${type} needs the key ${key}: remove the "?" from its entry`)
}
