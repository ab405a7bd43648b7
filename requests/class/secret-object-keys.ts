import type { WantedFile } from '../../delivery/contract.ts'
import type { SecretValue } from '../../delivery/destination.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { objectAt } from '../../lib/shape.ts'
import { dataKeyProblem } from '../secret/secret-types.ts'

type Files = ReadonlyMap<string, WantedFile>

interface Keys {
  readonly files: readonly SecretValue[]
  readonly problems: readonly string[]
}

const tlsType = 'kubernetes.io/tls'
/** Of one Secret. The others of its class may have problems, too. */
const maxKeyProblems = 10

/**
 * Reads `data` of one item of `secretObjects`: which file of the class each key of the Secret holds.
 *
 * @param written - `byName`: the files of the class by their paths
 */
export function readSecretObjectKeys(
  secret: { readonly name: string; readonly type: string },
  { data, byName }: { readonly data: unknown; readonly byName: Files },
): Keys {
  if (!Array.isArray(data) || data.length === 0)
    return { files: [], problems: ['data: expected a list of objectName and key'] }
  const files: SecretValue[] = []
  const problems: string[] = []
  const keys = new Set<string>()
  const objectNames = new Set<string>()
  for (const [index, item] of data.entries()) {
    if (problems.length >= maxKeyProblems) break
    const place = `data, item ${index + 1}`
    const entry = readEntry(item)
    if (entry.kind === 'invalid') {
      problems.push(`${place}, ${entry.problem}`)
      continue
    }
    const { objectName, key } = entry.value
    if (keys.has(key)) problems.push(`${place}, key "${key}": another item has this key`)
    keys.add(key)
    objectNames.add(objectName)
    const file = fileFor(entry.value, { secret, byName })
    if (file.kind === 'valid') files.push(file.value)
    else problems.push(`${place}, ${file.problem}`)
  }
  if (secret.type === tlsType && objectNames.size > 1)
    problems.push(
      `data: found several objects; a Secret of type ${tlsType} holds the certificate and key of one object; for two objects, request it on the ServiceAccount with akv-injector.io/sync`,
    )
  return { files, problems }
}

interface Entry {
  readonly objectName: string
  readonly key: string
}

function readEntry(item: unknown): Parsed<Entry> {
  const { objectName, key } = objectAt(item)
  if (typeof objectName !== 'string' || objectName.trim() === '')
    return invalid('objectName is missing')
  if (typeof key !== 'string' || key.trim() === '') return invalid('key is missing')
  // The driver trims both.
  const trimmed = { objectName: objectName.trim(), key: key.trim() }
  const problem = dataKeyProblem(trimmed.key)
  return problem === undefined
    ? valid(trimmed)
    : invalid(`key "${printable(trimmed.key)}": ${problem}`)
}

/** The value of a key: that of a file, but for its place. */
function fileFor(
  { objectName, key }: Entry,
  {
    secret,
    byName,
  }: { readonly secret: { readonly name: string; readonly type: string }; readonly byName: Files },
): Parsed<SecretValue> {
  const found = findFile(objectName, byName)
  if (found.kind === 'invalid') return found
  const { path: _, mode: __, volume: ___, versions: ____, ...value } = found.value
  const to = { kind: 'key', secret: secret.name, key } as const
  if (secret.type !== tlsType) return valid({ to, ...value })
  if (key !== 'tls.crt' && key !== 'tls.key')
    return invalid(
      `key "${key}": a Secret of type ${tlsType} has the keys tls.crt and tls.key only`,
    )
  return value.object.type === 'secret' && value.format === 'pem'
    ? valid({ to, ...value, format: key })
    : invalid(
        `objectName "${printable(objectName)}": a Secret of type ${tlsType} needs the certificate with its key; write objectType: secret, and no objectFormat`,
      )
}

/** A history is a folder of files, the newest of which is `NAME/0`. */
function findFile(objectName: string, byName: Files): Parsed<WantedFile> {
  const wrong = (problem: string) => invalid(`objectName "${printable(objectName)}": ${problem}`)
  const file = byName.get(objectName)
  if (file?.versions !== undefined)
    return wrong(`it has a history; its newest version is "${printable(objectName)}/0"`)
  if (file !== undefined) return valid(file)
  const [, folder = '', index] = /^(.*)\/(\d{1,3})$/s.exec(objectName) ?? []
  const history = byName.get(folder)
  if (history?.versions === undefined)
    return wrong(
      'the class has no such file; name an objectAlias of parameters.objects, or the objectName of an object without an alias',
    )
  return index === '0'
    ? valid(history)
    : wrong(`only "${printable(folder)}/0", the newest version of a history, can be synced`)
}
