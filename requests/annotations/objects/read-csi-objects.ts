import { closestMatch } from 'leven'
import type { ObjectEncoding, WantedFile } from '../../../delivery/contract.ts'
import { targetPathProblem } from '../../../delivery/target-path.ts'
import { isObjectName, isObjectVersion, type ObjectType } from '../../../keyvault/reference.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import {
  describePlace,
  maxProblems,
  type Problem,
  plainProblem,
} from '../../../lib/problems/problem.ts'
import { below, type Field, report, reportThat, reportValue } from '../../../lib/problems/read.ts'
import { isObject, type JsonObject } from '../../../lib/shape.ts'
import { parseFileMode } from '../../../lib/values/parse-file-mode.ts'
import { anyVault, howToSetDefault } from '../../administrator/choose-vaults.ts'
import { countCostly, parsePlainYaml, type YamlBounds } from './parse-plain-yaml.ts'

/** Enough for hundreds of objects, and little for an attacker who wants to keep the webhook busy with YAML. */
export const objectListBounds: YamlBounds = { maxCharacters: 32 * 1024, maxCostly: 3000 }
/** The provider's default, which differs from the driver's. */
const defaultPermission = '0644'
const maxHistory = 100

/** A file, and the list item that it comes from: `item 2`. */
interface LocatedFile {
  readonly location: string
  readonly file: WantedFile
}

interface Files {
  readonly files: readonly LocatedFile[]
  /** Their paths begin at the list. Messages begin with the item: `item 2, objectName "x": …`. */
  readonly problems: readonly Problem[]
}

/**
 * Reads the object list of a SecretProviderClass for the Azure provider: the double-encoded `array:` of strings, or a
 * plain YAML list (docs/specification.md, "Object lists of the CSI driver").
 *
 * @param vault - the vault of all these objects; the provider's list can't name another
 */
export function parseCsiObjects(text: string, vault?: string): Files {
  const yaml = parsePlainYaml(text, objectListBounds)
  return yaml.kind === 'invalid'
    ? { files: [], problems: [plainProblem(yaml.problem)] }
    : readCsiObjects(yaml.value, vault)
}

/** Reads the same list from parsed YAML, in which every scalar is a string. */
export function readCsiObjects(value: unknown, vault?: string): Files {
  const list = readList(value)
  if (list.kind === 'invalid') return { files: [], problems: [plainProblem(list.problem)] }
  const files: LocatedFile[] = []
  const problems: Problem[] = []
  const at: Field = { path: [], subject: '', problems }
  if (vault === undefined)
    report(at, `it names no vault, and there is no default vault; ${howToSetDefault}`)
  for (const [index, item] of list.value.entries()) {
    if (problems.length >= maxProblems) break
    const inside = below(at, index)
    const fields = readFields(item)
    const file =
      fields.kind === 'valid'
        ? readObject(fields.value, vault ?? anyVault, inside)
        : report(inside, fields.problem)
    if (file) files.push({ location: describePlace(inside), file })
  }
  return { files, problems }
}

function readList(value: unknown): Parsed<readonly unknown[]> {
  const list = isObject(value) && Object.hasOwn(value, 'array') ? value['array'] : value
  if (!Array.isArray(list))
    return invalid('expected the "array:" of a SecretProviderClass, or a list of objects')
  // Each string is YAML of its own. Escapes in it may have hidden structure from the count of the whole text.
  const strings = list.filter((item) => typeof item === 'string')
  const costly = strings.reduce((sum, item) => sum + 1 + countCostly(item), 0)
  return costly <= objectListBounds.maxCostly
    ? valid(list)
    : invalid(
        `the strings of the list have more than ${objectListBounds.maxCostly} lines and fields`,
      )
}

function readFields(item: unknown): Parsed<JsonObject> {
  const fields = typeof item === 'string' ? parsePlainYaml(item, objectListBounds) : valid(item)
  if (fields.kind === 'invalid' || isObject(fields.value)) return fields as Parsed<JsonObject>
  return invalid('expected the fields of an object, such as "objectName: db-password"')
}

const types = ['secret', 'key', 'cert'] as const satisfies readonly ObjectType[]

/** The parser of each field. As for the provider, an empty string counts as an absent field. */
const fields = {
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
  objectVersionHistory: (text: string): Parsed<number> =>
    /^\d{1,4}$/.test(text) && Number(text) <= maxHistory
      ? valid(Number(text))
      : expected(`a number from 0 to ${maxHistory}`),
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
  readonly [Name in keyof typeof fields]?: Extract<
    ReturnType<(typeof fields)[Name]>,
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

function readFieldValues(item: JsonObject, at: Field): Fields {
  const { path, problems } = at
  const values: Record<string, unknown> = {}
  for (const [name, found] of Object.entries(item)) {
    if (problems.length >= maxProblems) break
    // The provider trims each field.
    const value = typeof found === 'string' ? found.trim() : found
    if (!Object.hasOwn(fields, name)) {
      const nearest = closestMatch(name.slice(0, 64), Object.keys(fields))
      const sentence = `${describePlace(at)}, unknown field ${printable(name)}; did you mean ${nearest}?`
      problems.push(plainProblem(sentence, [...path, name]))
    } else if (isAbsent(value)) {
      // The field counts as absent.
    } else if (typeof value !== 'string') report(below(at, name), 'expected a string')
    else {
      const parsed: Parsed<unknown> = fields[name as keyof typeof fields](value)
      if (parsed.kind === 'valid') values[name] = parsed.value
      else reportValue(below(at, name), value, parsed.problem)
    }
  }
  return values as Fields
}
