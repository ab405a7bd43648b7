import type { WantedFile } from '../../delivery/contract.ts'
import type { SecretValue } from '../../delivery/destination.ts'
import { maxKeptProblems, type Problem, problemWithin } from '../../lib/problems/problem.ts'
import { below, checked, type Field, isFull, report } from '../../lib/problems/read.ts'
import { isObject } from '../../lib/shape.ts'
import { parseSecretName } from '../account/secret-entry.ts'
import { maxEntries, reportLacking } from '../account/secret-keys.ts'
import { type RequestedSecret, readSecretMetadata } from '../secret/requested-secret.ts'
import { readSecretObjectKeys } from './secret-object-keys.ts'

interface SecretObjects {
  readonly secrets: readonly RequestedSecret[]
  readonly values: readonly SecretValue[]
  readonly problems: readonly Problem[]
}

interface SecretObject {
  readonly secret: RequestedSecret
  readonly values: readonly SecretValue[]
}

/**
 * Reads `secretObjects` of a SecretProviderClass (docs/specification.md, "secretObjects").
 *
 * @param value - any JSON: the CRD of the driver checks little
 * @param files - the files that the class's object list names
 */
export function readSecretObjects(value: unknown, files: readonly WantedFile[]): SecretObjects {
  const problems: Problem[] = []
  const at: Field = { path: ['spec', 'secretObjects'], subject: 'secretObjects', problems }
  if (!Array.isArray(value)) report(at, 'expected a list of Secrets')
  const byName = new Map(files.map((file) => [file.path, file]))
  const names = new Set<string>()
  const read: SecretObject[] = []
  for (const [index, item] of (Array.isArray(value) ? value : []).entries()) {
    if (isFull(at)) break
    const object = readItem(item, { byName, names }, below(at, index))
    if (object) read.push(object)
  }
  return {
    secrets: read.map(({ secret }) => secret),
    values: read.flatMap((object) => object.values),
    problems: problems.slice(0, maxKeptProblems),
  }
}

function readItem(
  item: unknown,
  {
    byName,
    names,
  }: {
    readonly byName: ReadonlyMap<string, WantedFile>
    /** The names of the items before. */
    readonly names: Set<string>
  },
  at: Field,
): SecretObject | undefined {
  if (!isObject(item)) return report(at, 'expected secretName and data')
  const name = checked(parseSecretName)(item['secretName'], below(at, 'secretName'))
  if (name === undefined) return undefined
  const titled = { ...at, subject: `${at.subject}, Secret ${name}` }
  if (names.has(name)) return report(titled, 'another item has this name; merge the two')
  names.add(name)

  const inside: Field = { path: at.path, subject: '', problems: [] }
  // As in the driver, an empty type counts as absent.
  const { type, ...rest } = item
  const secret = { name, ...readSecretMetadata(type === '' ? rest : item, inside) }
  const before = inside.problems.length
  const { data } = item
  const values = readSecretObjectKeys(secret, { data, byName }, below(inside, 'data'))
  const isRead = inside.problems.length === before
  if (values.length > maxEntries)
    report(inside, `found ${values.length} keys; accepted: at most ${maxEntries}`)
  if (isRead) reportLacking(secret.type, values, inside)
  at.problems.push(...inside.problems.map((problem) => problemWithin(titled, problem)))
  return { secret, values }
}
