import type { WantedFile } from '../../delivery/contract.ts'
import type { SecretValue } from '../../delivery/destination.ts'
import { printable } from '../../lib/printable.ts'
import { type Parsed, valid } from '../../lib/problems/parsed.ts'
import {
  describePath,
  maxKeptProblems,
  type Problem,
  type ProblemPlace,
} from '../../lib/problems/problem.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import { parseSecretName } from '../account/secret-entry.ts'
import { maxEntries, typeProblems } from '../account/secret-keys.ts'
import { readLabels, readSecretAnnotations } from '../secret/labels.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import { opaqueType, parseSecretType } from '../secret/secret-types.ts'
import { readSecretObjectKeys } from './secret-object-keys.ts'

interface SecretObjects {
  readonly secrets: readonly RequestedSecret[]
  readonly files: readonly SecretValue[]
  readonly problems: readonly Problem[]
}

/**
 * Reads `secretObjects` of a SecretProviderClass (docs/specification.md, "secretObjects").
 *
 * @param value - any JSON: the CRD of the driver checks little
 * @param files - the files that the class's object list names
 */
export function readSecretObjects(value: unknown, files: readonly WantedFile[]): SecretObjects {
  if (!Array.isArray(value))
    return refused({ path: listPath, sentence: 'expected a list of Secrets' })
  const byName = new Map(files.map((file) => [file.path, file]))
  const read: SecretObjects[] = []
  const names = new Set<string>()
  let problems = 0
  for (const [index, item] of value.entries()) {
    if (problems >= maxKeptProblems) break
    const path = [...listPath, index]
    const subject = `${describePath(listPath)}, item ${index + 1}`
    const objects = readItem(item, { byName, names, place: { path, subject } })
    problems += objects.problems.length
    read.push(objects)
  }
  return {
    secrets: read.flatMap(({ secrets }) => secrets),
    files: read.flatMap((objects) => objects.files),
    problems: read.flatMap((objects) => objects.problems).slice(0, maxKeptProblems),
  }
}

const listPath = ['spec', 'secretObjects']

function readItem(
  item: unknown,
  context: {
    readonly byName: ReadonlyMap<string, WantedFile>
    /** The names of the items before. */
    readonly names: Set<string>
    /** How messages name it: `secretObjects, item 2`. */
    readonly place: Required<ProblemPlace>
  },
): SecretObjects {
  const { byName, names, place } = context
  if (!isObject(item)) return refused({ ...place, sentence: 'expected secretName and data' })
  const { secretName } = item
  const name = parseSecretName(secretName)
  if (name.kind === 'invalid')
    return refused({
      path: place.path,
      subject: `${place.subject}, secretName`,
      ...(typeof secretName === 'string' && { found: printable(secretName) }),
      sentence: name.problem,
    })
  const titled = { path: place.path, subject: `${place.subject}, Secret ${name.value}` }
  if (names.has(name.value))
    return refused({ ...titled, sentence: 'another item has this name; merge the two' })
  names.add(name.value)

  const { secret, problems: ofSecret } = readSecret(name.value, item)
  const keys = readSecretObjectKeys(secret, { data: item['data'], byName })
  const problems = [
    ...ofSecret,
    ...keys.problems,
    ...countProblems(keys.files),
    ...(keys.problems.length === 0 ? typeProblems(secret.type, keys.files) : []),
  ]
  return {
    secrets: [secret],
    files: keys.files,
    problems: problems.map((sentence) => ({ ...titled, sentence })),
  }
}

/** Reads what an item says about its Secret, besides the keys. */
function readSecret(
  name: string,
  item: JsonObject,
): { readonly secret: RequestedSecret; readonly problems: readonly string[] } {
  const type = typeOf(item)
  const labels = readLabels(item['labels'])
  const annotations = readSecretAnnotations(item['annotations'])
  return {
    secret: {
      name,
      // A placeholder, so that the other problems are reported too.
      type: type.kind === 'valid' ? type.value : opaqueType,
      labels: labels.labels,
      ...(item['annotations'] != null && { annotations: annotations.labels }),
    },
    problems: [
      ...(type.kind === 'invalid' ? [`type${shown(item['type'])}: ${type.problem}`] : []),
      ...labels.problems,
      ...annotations.problems,
    ],
  }
}

const refused = (problem: Problem): SecretObjects => ({
  secrets: [],
  files: [],
  problems: [problem],
})

const typeOf = ({ type }: JsonObject): Parsed<string> =>
  type == null || type === '' ? valid(opaqueType) : parseSecretType(type)

const countProblems = ({ length }: readonly SecretValue[]): readonly string[] =>
  length > maxEntries ? [`found ${length} keys; accepted: at most ${maxEntries}`] : []

const shown = (value: unknown): string =>
  typeof value === 'string' ? ` "${printable(value)}"` : ''
