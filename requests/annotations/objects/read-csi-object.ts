import type { ObjectEncoding, WantedFile } from '../../../delivery/contract.ts'
import { targetPathProblem } from '../../../delivery/target-path.ts'
import { isObjectName, isObjectVersion, type ObjectType } from '../../../keyvault/reference.ts'
import { printable } from '../../../lib/printable.ts'
import { didYouMean } from '../../../lib/problems/did-you-mean.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import {
  describeField,
  maxProblems,
  type Problem,
  type ProblemField,
  plainProblem,
} from '../../../lib/problems/problem.ts'
import { below, type Field, report, reportThat, reportValue } from '../../../lib/problems/read.ts'
import { isObject, type JsonObject } from '../../../lib/shape.ts'
import { parseFileMode } from '../../../lib/values/parse-file-mode.ts'
import { parsePlainYaml, type YamlBounds } from './parse-plain-yaml.ts'

/** Enough for hundreds of objects, and little for an attacker who wants to keep the webhook busy with YAML. */
export const objectListBounds: YamlBounds = { maxCharacters: 32 * 1024, maxCostly: 3000 }
/** The provider's default, which differs from the driver's. */
const defaultPermission = '0644'
const maxHistory = 100

interface ReadObject {
  readonly file?: WantedFile | undefined
  readonly problems: readonly Problem[]
  /** Unknown fields that are ignored. */
  readonly warnings: readonly Problem[]
}

/**
 * Reads an item of the list: the fields of an object, or YAML of them.
 *
 * @param options - `maxUnknown`: how many unknown fields to name
 */
export function readCsiObject(
  item: unknown,
  field: ProblemField,
  options: {
    /** The vault of the object. The provider's list can't name another. */
    readonly vault: string
    /** Whether fields that the provider doesn't know are ignored, as it does. They are problems otherwise. */
    readonly ignoresUnknown: boolean
    readonly maxUnknown: number
  },
): ReadObject {
  const problems: Problem[] = []
  const at = { ...field, problems }
  const fields = readFields(item)
  if (fields.kind === 'invalid') {
    report(at, fields.problem)
    return { problems, warnings: [] }
  }
  const file = readObject(fields.value, options.vault, at)
  // Beside another problem, an unknown field is likely to be the reason for it.
  const isIgnored = options.ignoresUnknown && problems.length === 0
  const unknown = Object.keys(fields.value)
    .filter((name) => !Object.hasOwn(parsers, name))
    .slice(0, options.maxUnknown)
    .map((name) => unknownField(name, { at, isIgnored }))
  if (isIgnored) return { file, problems, warnings: unknown }
  return unknown.length === 0
    ? { file, problems, warnings: [] }
    : { problems: [...unknown, ...problems], warnings: [] }
}

function readFields(item: unknown): Parsed<JsonObject> {
  const fields = typeof item === 'string' ? parsePlainYaml(item, objectListBounds) : valid(item)
  // Ignored like an unknown field, it would have another meaning than for the provider.
  if (fields.kind === 'valid' && isObject(fields.value) && Object.hasOwn(fields.value, '<<'))
    return invalid('has the YAML merge key <<; write the fields out')
  if (fields.kind === 'invalid' || isObject(fields.value)) return fields as Parsed<JsonObject>
  return invalid('expected the fields of an object, such as "objectName: db-password"')
}

const types = ['secret', 'key', 'cert'] as const satisfies readonly ObjectType[]

/** The parser of each field. As for the provider, an empty string counts as an absent field. */
const parsers = {
  objectName: (text: string) =>
    isObjectName(text) ? valid(text) : expected('1 to 127 letters, digits and hyphens'),
  objectAlias: (text: string): Parsed<string> => {
    const problem = targetPathProblem(text)
    return problem === undefined ? valid(text) : invalid(problem)
  },
  objectType: (text: string): Parsed<ObjectType> => {
    const type = types.find((type) => type === text.toLowerCase())
    return type === undefined ? expected('secret, key or cert') : valid(type)
  },
  objectVersion: (text: string): Parsed<string | undefined> =>
    isObjectVersion(text) || text === 'latest'
      ? valid(text === 'latest' ? undefined : text.toLowerCase())
      : expected('32 hexadecimal digits'),
  objectVersionHistory: (text: string): Parsed<number> => {
    // In the provider's YAML, a zero in front makes a number octal.
    const count = Number.parseInt(text, /^0[0-7]+$/.test(text) ? 8 : 10)
    return /^\d{1,4}$/.test(text) && count <= maxHistory
      ? valid(count)
      : expected(`a number from 0 to ${maxHistory}`)
  },
  objectFormat: choice(['pem', 'pfx']),
  objectEncoding: choice(['utf-8', 'base64', 'hex']),
  filePermission: parseFileMode,
} as const

const expected = (what: string) => invalid(`expected ${what}`)

function choice<T extends string>(choices: readonly T[]) {
  return (text: string): Parsed<T> => {
    const found = choices.find((choice) => choice === text.toLowerCase())
    return found === undefined ? expected(choices.join(' or ')) : valid(found)
  }
}

type Fields = {
  readonly [Name in keyof typeof parsers]?: Extract<
    ReturnType<(typeof parsers)[Name]>,
    { readonly value: unknown }
  >['value']
}

function readObject(item: JsonObject, vault: string, at: Field): WantedFile | undefined {
  const before = at.problems.length
  const values = readFieldValues(item, at)
  const { objectName, objectType } = values
  for (const name of ['objectName', 'objectType'] as const)
    if (isAbsent(item[name])) reportThat(below(at, name), 'is missing')
  checkCombination(values, at)
  if (objectName === undefined || objectType === undefined || at.problems.length > before)
    return undefined

  const version = values.objectVersion
  const versions = values.objectVersionHistory ?? 0
  const object = { vault, type: objectType, name: objectName, ...(version && { version }) }
  return {
    object,
    path: values.objectAlias ?? objectName,
    mode: values.filePermission ?? defaultPermission,
    ...(objectType === 'secret' && values.objectFormat !== 'pfx' && { format: 'pem' }),
    ...encodingOf(values),
    ...(versions > 1 && { versions }),
  }
}

function encodingOf({ objectEncoding }: Fields): { readonly encoding?: ObjectEncoding } {
  return objectEncoding === 'base64' || objectEncoding === 'hex' ? { encoding: objectEncoding } : {}
}

/** Only secrets have formats and encodings, as in the provider. */
function checkCombination(values: Fields, at: Field): void {
  const { objectType, objectFormat, objectEncoding } = values
  if (objectType === undefined || objectType === 'secret') return
  const sentence = 'accepted for objectType secret only'
  if (objectFormat === 'pfx') reportValue(below(at, 'objectFormat'), objectFormat, sentence)
  if (encodingOf(values).encoding)
    reportValue(below(at, 'objectEncoding'), objectEncoding, sentence)
}

const isAbsent = (value: unknown): boolean =>
  value == null || (typeof value === 'string' && value.trim() === '')

function unknownField(
  name: string,
  { at, isIgnored }: { readonly at: Field; readonly isIgnored: boolean },
): Problem {
  const effect = isIgnored ? ' has no effect' : ''
  const sentence = `${describeField(at)}, unknown field ${printable(name)}${effect}; ${didYouMean(name, Object.keys(parsers))}`
  return plainProblem(sentence, [...at.path, name])
}

function readFieldValues(item: JsonObject, at: Field): Fields {
  const { problems } = at
  const values: Record<string, unknown> = {}
  for (const [name, found] of Object.entries(item)) {
    if (problems.length >= maxProblems) break
    // The provider trims each field.
    const value = typeof found === 'string' ? found.trim() : found
    if (!Object.hasOwn(parsers, name) || isAbsent(value)) continue
    if (typeof value !== 'string') report(below(at, name), 'expected a string')
    else {
      const parsed: Parsed<unknown> = parsers[name as keyof typeof parsers](value)
      if (parsed.kind === 'valid') values[name] = parsed.value
      else reportValue(below(at, name), value, parsed.problem)
    }
  }
  return values as Fields
}
