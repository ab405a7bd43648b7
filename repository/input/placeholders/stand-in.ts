/** What a field accepts, so that a stand-in in it is as valid as the value will be. */
export type Shape = 'name' | 'uuid' | 'version' | 'url' | 'duration'

/** The text in place of a placeholder, and the part of it that messages have. */
interface StandIn {
  readonly text: string
  readonly mark: string
}

/** More than any repository has. The marks of names have room for as many. */
export const maxStandIns = 1000

/** Seven letters and digits: a vault's name has room for 24. Nobody writes such a word. */
const namePrefix = 'xq7zj'
const uuidPrefix = 'a7b3c9d1-5e2f-4a68-9c04-'
const versionPrefix = 'ac70b1d92e5f4386a1ce'
/** Seconds, shorter than the year that a duration may have, and not a number of days. */
const firstSeconds = 31_417_000

/** Finds the marks of all stand-ins. */
export const marks = new RegExp(
  `${namePrefix}[0-9a-z]{2}|(?:${uuidPrefix}|${versionPrefix})[0-9a-f]{12}|(?<!\\w)31417\\d{3}(?=s?(?!\\w))`,
  'g',
)

const anyMark = new RegExp(marks.source)

/** Whether a text has what could be a stand-in. */
export const hasStandIn = (text: string): boolean => anyMark.test(text)

/** Finds marks of which a message has only the beginning, because it cuts long values. */
export const cutMarks = new RegExp(
  `(?:${[namePrefix, uuidPrefix, versionPrefix].map(beginningOf).join('|')})…`,
  'g',
)

/** A pattern for the first three characters of a mark or more. */
function beginningOf(prefix: string): string {
  const rest = [...prefix.slice(3)].reduceRight(
    (inner, character) => `(?:${character}${inner})?`,
    '[0-9a-z]*',
  )
  return prefix.slice(0, 3) + rest
}

/** Makes the stand-in with this number, which is less than {@link maxStandIns}. */
export function standInOf(shape: Shape, number: number): StandIn {
  const hex = number.toString(16).padStart(12, '0')
  const name = namePrefix + number.toString(36).padStart(2, '0')
  switch (shape) {
    case 'name':
      return { text: name, mark: name }
    case 'url':
      return { text: `https://${name}.vault.azure.net`, mark: name }
    case 'uuid':
      return { text: uuidPrefix + hex, mark: uuidPrefix + hex }
    case 'version':
      return { text: versionPrefix + hex, mark: versionPrefix + hex }
    case 'duration':
      return { text: `${firstSeconds + number}s`, mark: `${firstSeconds + number}` }
    default:
      return shape satisfies never
  }
}

const shapes: Readonly<Record<string, Shape>> = {
  clientid: 'uuid',
  'client-id': 'uuid',
  tenantid: 'uuid',
  'tenant-id': 'uuid',
  userassignedidentityid: 'uuid',
  objectversion: 'version',
  version: 'version',
  vaulturl: 'url',
  refreshinterval: 'duration',
  refresh: 'duration',
}

const shapeOf = (key: string): Shape =>
  shapes[key.slice(key.lastIndexOf('/') + 1).toLowerCase()] ?? 'name'

/** The key before a value in a text of YAML or JSON, such as the `objects` of a SecretProviderClass. */
const keyBefore = /([A-Za-z][\w-]{0,40})["']?\s{0,5}:\s{0,5}["']?$/

/**
 * What a value accepts where a placeholder is. If it is a part of the value, a name.
 *
 * @param span - of the placeholder; `key`: of the field or annotation
 */
export function shapeIn(
  text: string,
  { key, start, end }: { readonly key: string; readonly start: number; readonly end: number },
): Shape {
  if (start === 0 && end === text.length) return shapeOf(key)
  const before = text.slice(Math.max(0, start - 60), start)
  // A reference with a version, as in an object list.
  if (before.endsWith('@')) return 'version'
  if (!/^["']?\s{0,5}(?:[,;}\n]|$)/.test(text.slice(end, end + 10))) return 'name'
  const [, above] = keyBefore.exec(before) ?? []
  return above === undefined ? 'name' : shapeOf(above)
}
