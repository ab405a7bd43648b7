import { closestMatch } from 'leven'
import type { ObjectEncoding, WantedFile } from '../../../../init-agent/contract.ts'
import { targetPathProblem } from '../../../../init-agent/target-path.ts'
import { isObjectName, isObjectVersion, type ObjectType } from '../../../../keyvault/reference.ts'
import type { Parsed } from '../../../../lib/parsed.ts'
import { printable } from '../../../../lib/printable.ts'
import { isObject, type JsonObject } from '../../../../lib/shape.ts'
import { maxProblems } from '../../outcome.ts'
import { parseFileMode } from '../values/parse-file-mode.ts'
import { countCostly, parsePlainYaml, type YamlBounds } from './parse-plain-yaml.ts'

/** Room for hundreds of objects, and little for somebody who wants the webhook to be busy with YAML. */
const bounds: YamlBounds = { maxCharacters: 32 * 1024, maxCostly: 3000 }
/** As the provider has it, where the driver's own default is another. */
const defaultPermission = '0644'
const maxHistory = 100

/** A file, and where in the list it stands: `item 2`. */
interface PlacedFile {
  readonly place: string
  readonly file: WantedFile
}

interface Files {
  readonly files: readonly PlacedFile[]
  /** Sentences that begin with the position in the list. */
  readonly problems: readonly string[]
}

/**
 * Reads the object list of a SecretProviderClass for the Azure provider: the double-encoded `array:` of strings, or a
 * plain YAML list (docs/specification.md, "Object lists of the CSI driver").
 *
 * @param vault - the vault of all these objects; the vocabulary has no word for another
 */
export function parseCsiObjects(text: string, vault?: string): Files {
  const yaml = parsePlainYaml(text, bounds)
  return 'problem' in yaml
    ? { files: [], problems: [yaml.problem] }
    : readCsiObjects(yaml.value, vault)
}

/** The same, of a list that is read already, every scalar of it a text. */
export function readCsiObjects(value: unknown, vault?: string): Files {
  const list = readList(value)
  if ('problem' in list) return { files: [], problems: [list.problem] }
  const files: PlacedFile[] = []
  const problems: string[] = []
  if (vault === undefined)
    problems.push('no vault is named; set the annotation akv-injector.io/vault')
  for (const [index, item] of list.value.entries()) {
    if (problems.length >= maxProblems) break
    const place = `item ${index + 1}`
    const fields = readFields(item)
    if ('problem' in fields) problems.push(`${place}: ${fields.problem}`)
    else {
      const read = readObject(fields.value, vault ?? anyVault)
      if ('problems' in read) problems.push(...read.problems.map((one) => `${place}, ${one}`))
      else files.push({ place, file: read.file })
    }
  }
  return { files, problems }
}

/** Stands in where none is named, so that the list's other problems are seen too. */
const anyVault = 'unnamed'

function readList(value: unknown): Parsed<readonly unknown[]> {
  const list = isObject(value) && Object.hasOwn(value, 'array') ? value['array'] : value
  if (!Array.isArray(list))
    return { problem: 'expected the "array:" of a SecretProviderClass, or a list of objects' }
  // Each string is YAML of its own, and an escape in it may stand for what nobody has counted yet.
  const strings = list.filter((item) => typeof item === 'string')
  const costly = strings.reduce((sum, item) => sum + 1 + countCostly(item), 0)
  return costly <= bounds.maxCostly
    ? { value: list }
    : { problem: `the strings of the list have more than ${bounds.maxCostly} lines and fields` }
}

function readFields(item: unknown): Parsed<JsonObject> {
  const fields = typeof item === 'string' ? parsePlainYaml(item, bounds) : { value: item }
  if ('problem' in fields || isObject(fields.value)) return fields as Parsed<JsonObject>
  return { problem: 'expected the fields of an object, such as "objectName: db-password"' }
}

const types = ['secret', 'key', 'cert'] as const satisfies readonly ObjectType[]

/** How each field is read. An empty text means the same as none, as it does to the provider. */
const fields = {
  objectName: (text: string) =>
    isObjectName(text) ? { value: text } : expected('1 to 127 letters, digits and hyphens'),
  objectAlias: (text: string): Parsed<string> => {
    const problem = targetPathProblem(text)
    return problem === undefined ? { value: text } : { problem }
  },
  objectType: (text: string): Parsed<ObjectType> => {
    const type = types.find((one) => one === text.toLowerCase())
    return type === undefined ? expected('secret, key or cert') : { value: type }
  },
  objectVersion: (text: string): Parsed<string | undefined> =>
    isObjectVersion(text) || text === 'latest'
      ? { value: text === 'latest' ? undefined : text.toLowerCase() }
      : expected('32 hexadecimal digits'),
  objectVersionHistory: (text: string): Parsed<number> =>
    /^\d{1,4}$/.test(text) && Number(text) <= maxHistory
      ? { value: Number(text) }
      : expected(`a number from 0 to ${maxHistory}`),
  objectFormat: choice(['pem', 'pfx']),
  objectEncoding: choice(['utf-8', 'base64', 'hex']),
  filePermission: parseFileMode,
} as const

function expected(what: string): { readonly problem: string } {
  return { problem: `expected ${what}` }
}

function choice<T extends string>(choices: readonly T[]) {
  return (text: string): Parsed<T> => {
    const found = choices.find((one) => one === text.toLowerCase())
    return found === undefined ? expected(choices.join(' or ')) : { value: found }
  }
}

type Fields = {
  readonly [Name in keyof typeof fields]?: Extract<
    ReturnType<(typeof fields)[Name]>,
    { readonly value: unknown }
  >['value']
}

function readObject(
  item: JsonObject,
  vault: string,
): { readonly file: WantedFile } | { readonly problems: readonly string[] } {
  const { values, problems } = readFieldValues(item)
  const { objectName, objectType } = values
  for (const name of ['objectName', 'objectType'] as const)
    if (isAbsent(item[name])) problems.push(`${name} is missing`)
  if (objectName === undefined || objectType === undefined || problems.length > 0)
    return { problems }

  const version = values.objectVersion
  const versions = values.objectVersionHistory ?? 0
  const object = { vault, type: objectType, name: objectName, ...(version && { version }) }
  const combinations = combinationProblems(values)
  if (combinations.length > 0) return { problems: combinations }
  return {
    file: {
      object,
      path: values.objectAlias ?? objectName,
      mode: values.filePermission ?? defaultPermission,
      ...(objectType === 'secret' && values.objectFormat !== 'pfx' && { format: 'pem' }),
      ...encodingOf(values),
      ...(versions > 1 && { versions }),
    },
  }
}

function encodingOf({ objectEncoding }: Fields): { readonly encoding?: ObjectEncoding } {
  return objectEncoding === 'base64' || objectEncoding === 'hex' ? { encoding: objectEncoding } : {}
}

/** As the provider: formats and encodings are of secrets. */
function combinationProblems({ objectType, objectFormat, objectEncoding }: Fields): string[] {
  if (objectType === 'secret') return []
  return [
    ...(objectFormat === 'pfx' ? ['objectFormat "pfx": accepted for objectType secret only'] : []),
    ...(objectEncoding === 'base64' || objectEncoding === 'hex'
      ? [`objectEncoding "${objectEncoding}": accepted for objectType secret only`]
      : []),
  ]
}

const isAbsent = (value: unknown): boolean =>
  value == null || (typeof value === 'string' && value.trim() === '')

function readFieldValues(item: JsonObject): { values: Fields; problems: string[] } {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [name, found] of Object.entries(item)) {
    if (problems.length >= maxProblems) break
    // The provider trims each field.
    const value = typeof found === 'string' ? found.trim() : found
    if (!Object.hasOwn(fields, name)) {
      const nearest = closestMatch(name.slice(0, 64), Object.keys(fields))
      problems.push(`${printable(name)} is not known; the nearest field that is: ${nearest}`)
    } else if (isAbsent(value)) {
      // As good as absent.
    } else if (typeof value !== 'string') problems.push(`${name}: expected a text`)
    else {
      const parsed: Parsed<unknown> = fields[name as keyof typeof fields](value)
      if ('value' in parsed) values[name] = parsed.value
      else problems.push(`${name} "${printable(value)}": ${parsed.problem}`)
    }
  }
  return { values: values as Fields, problems }
}
