import { printable } from '../lib/printable.ts'
import { invalid, type Parsed, valid } from '../lib/problems/parsed.ts'

/** The names of Key Vault objects. Pure. */

/**
 * One object in a vault. Names aren't case-sensitive (see {@link referenceKey}). The vault's name is in lower case,
 * because it becomes a host name. The object's name is as written, because it becomes a file name.
 */
export interface ObjectReference {
  readonly vault: string
  readonly type: ObjectType
  readonly name: string
  /** 32 hexadecimal digits in lower case. Absent for the newest version. */
  readonly version?: string
}

/** `tls` and `pfx` are forms of the secret that backs a certificate. */
export const objectTypes = ['secret', 'key', 'cert', 'tls', 'pfx'] as const
export type ObjectType = (typeof objectTypes)[number]

/** A reference as written: an object, and which part of its value to use. */
export interface ParsedReference {
  readonly object: ObjectReference
  /** A path into a JSON value, or `*` for all of its properties. */
  readonly property?: string
  /** The encoding of the value or the property. */
  readonly encoding?: 'base64'
}

/**
 * Key Vault's rule: 3 to 24 letters, digits and hyphens. With a hyphen at either end, it would not be a valid host
 * name.
 */
const vaultPattern = /^[0-9A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]$/
const namePattern = /^[0-9A-Za-z-]{1,127}$/
const versionPattern = /^[0-9A-Fa-f]{32}$/

export const isVaultName = (text: string): boolean => vaultPattern.test(text)
export const isObjectName = (text: string): boolean => namePattern.test(text)
/** The name of an object in which each `*` stands for any number of characters. */
export const isNamePattern = (text: string): boolean => /^[0-9A-Za-z*-]{1,127}$/.test(text)
export const isObjectVersion = (text: string): boolean => versionPattern.test(text)

/** What a reference that names no vault depends on. */
interface ReferenceContext {
  readonly defaultVault?: string | undefined
  /** How the author can set a default vault; a message about a missing one ends with it. */
  readonly howToSetDefault?: string
}

/** Reads `[vault:][type/]name[@version][#property][|base64]`, and ignores blanks around any part. */
export function parseReference(
  text: string,
  context: ReferenceContext = {},
): Parsed<ParsedReference> {
  const [isDecoded, selection] = cutSuffix(text, '|base64')
  const [location, property] = cutAtFirst(selection, '#')
  const { type, object, problems } = parseObject(location, context)
  if (property === '') problems.push('after "#" the property is missing')
  if (type !== undefined && type !== 'secret' && (isDecoded || property !== undefined))
    problems.push(
      `"${isDecoded ? '|base64' : '#'}" works only with type "secret", but the type is "${type}"; remove it, or change the type`,
    )
  if (object === undefined || problems.length > 0) return invalid(problems.join('; '))
  return valid({
    object,
    ...(property !== undefined && { property }),
    ...(isDecoded && { encoding: 'base64' }),
  })
}

/** An object, or the problems of all its parts. */
interface ReadObject {
  readonly type?: ObjectType
  readonly object?: ObjectReference
  readonly problems: string[]
}

function parseObject(text: string, context: ReferenceContext): ReadObject {
  if (/^\s*https?:/i.test(text))
    return { problems: ['expected the name of an object, found a URL; write vault:name'] }
  const [written, typed] = cutPrefix(text, ':')
  const [type = 'secret', named] = cutPrefix(typed, '/')
  const [name, version] = cutAtFirst(named, '@')
  if (name.includes('|'))
    return { problems: [`"${printable(name)}": the only suffix accepted is "|base64"`] }
  const vault = written ?? context.defaultVault
  const problems = [
    isObjectType(type) ? undefined : wrongPart(type, 'object type', objectTypes.join(', ')),
    vault === undefined ? noVault(context) : undefined,
    written === undefined || isVaultName(written)
      ? undefined
      : wrongPart(written, 'vault name', '3 to 24 letters, digits and hyphens'),
    isObjectName(name)
      ? undefined
      : wrongPart(name, 'object name', '1 to 127 letters, digits and hyphens'),
    version === undefined || isObjectVersion(version)
      ? undefined
      : wrongPart(version, 'version', '32 hexadecimal digits'),
  ].filter((problem) => problem !== undefined)
  if (!isObjectType(type)) return { problems }
  if (vault === undefined || problems.length > 0) return { type, problems }
  const object = {
    vault: vault.toLowerCase(),
    type,
    name,
    ...(version !== undefined && { version: version.toLowerCase() }),
  }
  return { type, object, problems }
}

const noVault = ({ howToSetDefault }: ReferenceContext): string =>
  `it names no vault, and there is no default vault; write vault:name${howToSetDefault ? `, or ${howToSetDefault}` : ''}`

const wrongPart = (found: string, what: string, accepted: string): string =>
  `"${printable(found)}" isn't a valid ${what}; accepted: ${accepted}`

const isObjectType = (text: string): text is ObjectType =>
  (objectTypes as readonly string[]).includes(text)

/**
 * The collection of a vault that an object is fetched from. A certificate is in all three; only its entry in `secrets`
 * has the private key.
 */
export type Collection = 'secrets' | 'keys' | 'certificates'

const collections: Readonly<Record<ObjectType, Collection>> = {
  secret: 'secrets',
  tls: 'secrets',
  pfx: 'secrets',
  key: 'keys',
  cert: 'certificates',
}
export const collectionOf = ({ type }: ObjectReference): Collection => collections[type]

/** Whether a value is a folder of files: a certificate with its key, or a file for each property. */
export const isFolder = ({
  object,
  property,
}: Pick<ParsedReference, 'object' | 'property'>): boolean =>
  object.type === 'tls' || property === '*'

/** Whether a value is one text. Only text can be a variable, or a part of a template. */
export const isText = (value: Pick<ParsedReference, 'object' | 'property'>): boolean =>
  !isFolder(value) && value.object.type !== 'pfx'

/** Returns the same text for two references if and only if one fetch serves both. */
export function referenceKey(reference: ObjectReference): string {
  const { vault, name, version } = reference
  return `${vault}:${collectionOf(reference)}/${name.toLowerCase()}${version === undefined ? '' : `@${version}`}`
}

/** Names an object in messages: `secret team-a:db-password@0123…`. */
export function describeObject({ vault, type, name, version }: ObjectReference): string {
  return `${type} ${vault}:${name}${version === undefined ? '' : `@${version}`}`
}

/** Reads what {@link describeObject} wrote. Returns undefined for anything else. */
export function parseDescription(text: string): ObjectReference | undefined {
  const [, type = '', vault = '', name = '', version] =
    /^([a-z]+) ([^:]*):([^@]*)(?:@(.*))?$/.exec(text) ?? []
  const isValid =
    isObjectType(type) &&
    isVaultName(vault) &&
    isObjectName(name) &&
    (version === undefined || isObjectVersion(version))
  return isValid ? { vault, type, name, ...(version !== undefined && { version }) } : undefined
}

/**
 * Returns the base URL of a vault. The administrator sets the template, and a reference only the name. A valid name (see
 * {@link isVaultName}) contains no character that could end a host or a path segment.
 *
 * @param template - an https URL with `{vault}` in its host or its path
 * @throws Error if the name isn't valid; callers have to check it first
 */
export function vaultUrl(template: string, vault: string): string {
  if (!isVaultName(vault)) throw new Error(`not a vault name: ${JSON.stringify(vault)}`)
  return template.replace('{vault}', vault.toLowerCase())
}

/** Splits `a:b:c` into `a` and `b:c`. Without a colon, there is no first part. All parts are trimmed. */
function cutPrefix(text: string, separator: string): [string | undefined, string] {
  const [first, rest] = cutAtFirst(text, separator)
  return rest === undefined ? [undefined, first] : [first, rest]
}

/** Splits `a@b@c` into `a` and `b@c`. Without an at sign, there is no second part. */
function cutAtFirst(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text.trim(), undefined] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function cutSuffix(text: string, suffix: string): [boolean, string] {
  const trimmed = text.trim()
  return trimmed.endsWith(suffix) ? [true, trimmed.slice(0, -suffix.length)] : [false, trimmed]
}
