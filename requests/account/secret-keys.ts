import type { WantedFile } from '../../delivery/contract.ts'
import { claimedPaths, pathConflicts } from '../../delivery/target-path.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { type Entry, parseObjectList } from '../annotations/objects/parse-object-list.ts'
import { parseCsiObjects, readCsiObjects } from '../annotations/objects/read-csi-objects.ts'
import { toWantedValue } from '../annotations/objects/to-wanted.ts'
import { decodeTarget, encodeTarget } from '../secret/key-path.ts'
import { dataKeyProblem, lackingKeys } from '../secret/secret-types.ts'

/** The Secret's metadata names all entries with their versions, and the API server bounds its size. */
export const maxEntries = 500

/**
 * Reads the keys of a Secret: `data` in the grammar of `akv-injector.io/secrets`, whose targets are keys here, and
 * `objects`, the CSI provider's list.
 *
 * @returns the files that represent the keys (key-path.ts encodes their paths), and all problems
 */
export function readSecretKeys(
  secret: { readonly name: string; readonly type: string },
  written: { readonly data: unknown; readonly objects: unknown; readonly defaultVault?: string },
): { readonly files: readonly WantedFile[]; readonly problems: readonly string[] } {
  const lists = [readData(secret.name, written), readObjects(secret.name, written)]
  const files = lists.flatMap((list) => list.files)
  const problems = lists.flatMap((list) => list.problems)
  if (files.length > maxEntries)
    problems.push(`found ${files.length} entries; accepted: at most ${maxEntries} for one Secret`)
  else problems.push(...conflicts(files), ...typeProblems(secret.type, files))
  if (files.length + problems.length === 0) problems.push('lists no keys; write "data: KEY=OBJECT"')
  return { files, problems }
}

type Read = ReturnType<typeof readSecretKeys>
type Written = Parameters<typeof readSecretKeys>[1]

function readData(secret: string, { data, defaultVault }: Written): Read {
  if (data == null) return { files: [], problems: [] }
  if (typeof data !== 'string')
    return {
      files: [],
      problems: ['data: expected a string such as "password=db-password, url=db#connection.url"'],
    }
  const list = parseObjectList(data, { defaultVault, targetProblem: writtenKeyProblem })
  const problems = list.problems.map(({ location, sentence }) =>
    location === undefined ? `data, ${sentence}` : `data, ${location}: ${sentence}`,
  )
  const files = list.entries.flatMap((entry) => {
    const file = keyFile(secret, entry)
    if (file.kind === 'valid') return [file.value]
    problems.push(`data, ${entry.location}: ${file.problem}`)
    return []
  })
  return { files, problems }
}

/** Checks a key before the type of its entry is known. "." is valid for entries that fill the Secret. */
const writtenKeyProblem = (key: string): string | undefined =>
  key === '.' ? undefined : dataKeyProblem(key)

/** Turns an entry into a file whose path encodes the key, or only the Secret if the entry (`tls/`, `#*`) fills it. */
function keyFile(secret: string, entry: Entry): Parsed<WantedFile> {
  const { target, reference } = entry
  const { object, property } = reference
  if (object.type === 'tls' || property === '*') {
    if (target === undefined || target === '.')
      return valid({ path: encodeTarget({ secret }), ...toWantedValue(entry) })
    return property === '*'
      ? invalid('"#*" makes a key of each property: write it without a target')
      : invalid('"tls/" gives the keys tls.crt, tls.key and ca.crt: write it without a target')
  }
  const key = target ?? object.name
  const problem = dataKeyProblem(key)
  return problem === undefined
    ? valid({ path: encodeTarget({ secret, key }), ...toWantedValue(entry) })
    : invalid(problem)
}

function readObjects(secret: string, { objects, defaultVault }: Written): Read {
  if (objects == null) return { files: [], problems: [] }
  const list =
    typeof objects === 'string'
      ? parseCsiObjects(objects, defaultVault)
      : readCsiObjects(objects, defaultVault)
  const problems = list.problems.map(({ sentence }) => `objects, ${sentence}`)
  const files = list.files.flatMap(({ location, file: { mode: _, ...file } }) => {
    const problem =
      file.versions === undefined
        ? dataKeyProblem(file.path)
        : 'a history (objectVersionHistory) is a folder of files, and a Secret cannot have folders'
    if (problem === undefined) return [{ ...file, path: encodeTarget({ secret, key: file.path }) }]
    problems.push(`objects, ${location}, "${printable(file.path)}": ${problem}`)
    return []
  })
  return { files, problems }
}

function conflicts(files: readonly WantedFile[]): readonly string[] {
  const pairs = pathConflicts(files.flatMap(claimedPaths))
  const keys = pairs.map(([a, b]) => decodeTarget(a).key && decodeTarget(b).key)
  return [...new Set(keys)].map((key) =>
    key === undefined
      ? '"#*" gives all keys of its Secret: no other entry can stand beside it'
      : `two entries write the key "${printable(key)}"; give one of them another key: KEY=OBJECT`,
  )
}

/** Requires an entry that isn't optional for each key that the type needs. The keys of `#*` aren't known yet. */
export function typeProblems(type: string, files: readonly WantedFile[]): readonly string[] {
  if (files.length === 0 || files.some(({ property }) => property === '*')) return []
  const keysOf = (some: readonly WantedFile[]) =>
    new Set(some.flatMap(claimedPaths).flatMap((path) => decodeTarget(path).key ?? []))
  const lacking = lackingKeys(type, keysOf(files))
  const optional = lackingKeys(type, keysOf(files.filter((file) => file.optional !== true)))
  return [
    ...lacking.map((key) => `type ${type} needs the key ${key}, but no entry writes it`),
    ...optional
      .filter((key) => !lacking.includes(key))
      .map((key) => `type ${type} needs the key ${key}: remove the "?" from its entry`),
  ]
}
