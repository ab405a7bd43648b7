import { closestMatch } from 'leven'
import type { SecretValue } from '../../delivery/destination.ts'
import { isName, subdomainName } from '../../lib/name-rules.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { describeProblem } from '../../lib/problems/problem.ts'
import { below, checked, type Field } from '../../lib/problems/read.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import { readLabels, readSecretAnnotations } from '../secret/labels.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import { opaqueType, parseSecretType } from '../secret/secret-types.ts'
import { isRecordName } from './record-name.ts'
import { readSecretKeys } from './secret-keys.ts'

export interface SecretEntry {
  /** Absent if the name isn't valid. */
  readonly secret?: RequestedSecret
  readonly files: readonly SecretValue[]
  readonly problems: readonly string[]
}

/** The fields that an item may have. */
export const secretMembers = ['secret', 'type', 'data', 'objects', 'labels', 'annotations'] as const

/** Reads one item of the list in `akv-injector.io/sync`. */
export function readSecretEntry(item: unknown, defaultVault?: string): SecretEntry {
  if (!isObject(item))
    return {
      files: [],
      problems: ['expected a Secret: "secret: NAME", and "data: KEY=OBJECT" below it'],
    }
  const at: Field = { path: [], problems: [] }
  const name = checked(parseSecretName)(item['secret'], below(at, 'secret'))
  const type =
    item['type'] == null ? opaqueType : checked(parseSecretType)(item['type'], below(at, 'type'))
  const { labels, problems: wrongLabels } = readLabels(item['labels'])
  const annotations = readSecretAnnotations(item['annotations'])
  const secret = {
    // Placeholders replace invalid values, so that the other problems are reported too.
    name: name ?? 'unreadable',
    type: type ?? opaqueType,
    labels,
    ...(item['annotations'] != null && { annotations: annotations.labels }),
  }
  const { data, objects } = item
  const keys = readSecretKeys(secret, { data, objects, ...(defaultVault && { defaultVault }) })
  return {
    ...(name !== undefined && { secret }),
    files: keys.files,
    problems: [
      ...unknownMembers(item),
      ...at.problems.map(describeProblem),
      ...wrongLabels,
      ...annotations.problems,
      ...keys.problems,
    ],
  }
}

/** Checks the name of a requested Secret. */
export function parseSecretName(name: unknown): Parsed<string> {
  if (typeof name !== 'string' || !isName(name, subdomainName))
    return invalid(`expected the name of a Secret: ${subdomainName.sentence}`)
  return isRecordName(name)
    ? invalid('the controller uses such names for its records; choose another name')
    : valid(name)
}

/** Finding the closest match takes time. */
const mostStrange = 5

const unknownMembers = (item: JsonObject): readonly string[] =>
  Object.keys(item)
    .filter((key) => !(secretMembers as readonly string[]).includes(key))
    .slice(0, mostStrange)
    .map(
      (key) =>
        `unknown field ${printable(key)}; did you mean ${closestMatch(key.slice(0, 64), secretMembers)}?`,
    )
