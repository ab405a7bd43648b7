import type { WantedFile } from '../../delivery/contract.ts'
import type { SecretValue } from '../../delivery/destination.ts'
import { printable } from '../../lib/printable.ts'
import { below, type Field, report, reportThat, reportValue } from '../../lib/problems/read.ts'
import { objectAt } from '../../lib/shape.ts'
import { dataKeyProblem } from '../secret/secret-types.ts'

type Files = ReadonlyMap<string, WantedFile>

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
  at: Field,
): readonly SecretValue[] {
  const before = at.problems.length
  const items: readonly unknown[] = Array.isArray(data) ? data : []
  const expected = 'expected a list of objectName and key'
  if (typeof data === 'string') reportValue(at, data, expected)
  else if (items.length === 0) report(at, expected)
  const values: SecretValue[] = []
  const keys = new Set<string>()
  const objectNames = new Set<string>()
  for (const [index, item] of items.entries()) {
    if (at.problems.length - before >= maxKeyProblems) break
    const inside = below(at, index)
    const entry = readEntry(item, inside)
    if (entry === undefined) continue
    const { objectName, key } = entry
    if (keys.has(key)) reportValue(below(inside, 'key'), key, 'another item has this key')
    keys.add(key)
    objectNames.add(objectName)
    const value = valueFor(entry, { secret, byName }, inside)
    if (value) values.push(value)
  }
  if (secret.type === tlsType && objectNames.size > 1)
    report(
      at,
      `found several objects; a Secret of type ${tlsType} holds the certificate and key of one object; for two objects, request it on the ServiceAccount with akv-injector.io/sync`,
    )
  return values
}

interface Entry {
  readonly objectName: string
  readonly key: string
}

function readEntry(item: unknown, at: Field): Entry | undefined {
  const { objectName, key } = objectAt(item)
  if (typeof objectName !== 'string' || objectName.trim() === '')
    return reportThat(below(at, 'objectName'), 'is missing')
  if (typeof key !== 'string' || key.trim() === '')
    return reportThat(below(at, 'key'), 'is missing')
  // The driver trims both.
  const trimmed = { objectName: objectName.trim(), key: key.trim() }
  const problem = dataKeyProblem(trimmed.key)
  return problem === undefined ? trimmed : reportValue(below(at, 'key'), trimmed.key, problem)
}

/** The value of a key: that of a file, but for its place. */
function valueFor(
  { objectName, key }: Entry,
  {
    secret,
    byName,
  }: { readonly secret: { readonly name: string; readonly type: string }; readonly byName: Files },
  at: Field,
): SecretValue | undefined {
  const ofName = below(at, 'objectName')
  const found = findFile(objectName, byName, ofName)
  if (found === undefined) return undefined
  const { path: _, mode: __, volume: ___, ...value } = found
  const to = { kind: 'key', secret: secret.name, key } as const
  if (secret.type !== tlsType) return { to, ...value }
  if (key !== 'tls.crt' && key !== 'tls.key')
    return reportValue(
      below(at, 'key'),
      key,
      `a Secret of type ${tlsType} has the keys tls.crt and tls.key only`,
    )
  return value.object.type === 'secret' && value.format === 'pem'
    ? { to, ...value, format: key }
    : reportValue(
        ofName,
        objectName,
        `a Secret of type ${tlsType} needs the certificate with its key; write objectType: secret, and no objectFormat`,
      )
}

/**
 * A history is a folder of files, the newest of which is `NAME/0`. For an older one, only the versions up to it are read, and for
 * the newest one no history is: it needs no permission to list versions.
 */
function findFile(objectName: string, byName: Files, at: Field): WantedFile | undefined {
  const wrong = (sentence: string) => reportValue(at, objectName, sentence)
  const file = byName.get(objectName)
  if (file?.versions !== undefined)
    return wrong(`it has a history; its newest version is "${printable(objectName)}/0"`)
  if (file !== undefined) return file
  const [, folder = '', number = ''] = /^(.*)\/(0|[1-9]\d{0,2})$/s.exec(objectName) ?? []
  const history = byName.get(folder)
  if (history?.versions === undefined)
    return wrong(
      'the class has no such file; name an objectAlias of parameters.objects, or the objectName of an object without an alias',
    )
  const { versions, ...newest } = history
  const versionIndex = Number(number)
  if (versionIndex >= versions)
    return wrong(
      `objectVersionHistory is ${versions}, so the last file is "${printable(folder)}/${versions - 1}"`,
    )
  return versionIndex === 0 ? newest : { ...newest, versions: versionIndex + 1, versionIndex }
}
