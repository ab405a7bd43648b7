import type { SecretValue } from '../../delivery/destination.ts'
import { isName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { didYouMean } from '../../lib/problems/did-you-mean.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { type Problem, plainProblem } from '../../lib/problems/problem.ts'
import { below, checked, type Field, report } from '../../lib/problems/read.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import { type RequestedSecret, readSecretMetadata } from '../secret/requested-secret.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import { isRecordName } from './record-name.ts'
import { readSecretKeys } from './secret-keys.ts'

export interface SecretEntry {
  /** Absent if the name isn't valid. */
  readonly secret?: RequestedSecret
  readonly values: readonly SecretValue[]
  readonly finds: readonly SecretFind[]
  /** Their paths begin at the item. */
  readonly problems: readonly Problem[]
}

/** The fields that an item may have. */
export const secretMembers = ['secret', 'type', 'data', 'objects', 'labels', 'annotations'] as const

/** Reads one item of the list in `akv-injector.io/sync`. */
export function readSecretEntry(item: unknown, defaultVault?: string): SecretEntry {
  const at: Field = { path: [], subject: '', problems: [] }
  if (!isObject(item)) {
    report(at, 'expected a Secret: "secret: NAME", and "data: KEY=OBJECT" below it')
    return { values: [], finds: [], problems: at.problems }
  }
  reportUnknown(item, at)
  const name = checked(parseSecretName)(item['secret'], below(at, 'secret'))
  // A placeholder replaces an invalid name, so that the other problems are found too.
  const secret = { name: name ?? 'unreadable', ...readSecretMetadata(item, at) }
  const { data, objects } = item
  const keys = readSecretKeys(secret, { data, objects, ...(defaultVault && { defaultVault }) }, at)
  return { ...(name !== undefined && { secret }), ...keys, problems: at.problems }
}

/** Checks the name of a requested Secret. */
export function parseSecretName(name: unknown): Parsed<string> {
  if (name === undefined) return invalid('is missing; name the Secret')
  if (typeof name !== 'string' || !isName(name, subdomainName))
    return invalid(`expected the name of a Secret: ${subdomainName.sentence}`)
  return isRecordName(name)
    ? invalid('the controller uses such names for its records; choose another name')
    : valid(name)
}

/** Finding the closest match takes time. */
const mostStrange = 5

function reportUnknown(item: JsonObject, { path, problems }: Field): void {
  const known: readonly string[] = secretMembers
  const unknown = Object.keys(item).filter((key) => !known.includes(key))
  for (const key of unknown.slice(0, mostStrange)) {
    const sentence = `unknown field ${printable(key)}; ${didYouMean(key, known)}`
    problems.push(plainProblem(sentence, [...path, key]))
  }
}
