import type { Parsed } from '../lib/parsed.ts'
import { printable } from '../lib/printable.ts'

/** How a Key Vault object is named. Pure. */

/**
 * One object in a vault. Names compare without regard to case (see {@link referenceKey}): the vault's is kept in
 * lower case, as it becomes a host name; the object's as written, as it becomes a file name.
 */
export interface ObjectReference {
  readonly vault: string
  readonly type: ObjectType
  readonly name: string
  /** 32 hex digits, lower case. Absent: the newest. */
  readonly version?: string
}

/** `tls` and `pfx` are forms of the secret that stands behind a certificate. */
export const objectTypes = ['secret', 'key', 'cert', 'tls', 'pfx'] as const
export type ObjectType = (typeof objectTypes)[number]

/** A reference as it is written: an object, and what of its value is meant. */
export interface ParsedReference {
  readonly object: ObjectReference
  /** A path into a JSON value, or `*` for all of its properties. */
  readonly property?: string
  /** What the value, or the property, is to be decoded from. */
  readonly encoding?: 'base64'
}

/** Key Vault's rule: 3 to 24 letters, digits and hyphens. A hyphen at either end would not be a host name. */
const vaultPattern = /^[0-9A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]$/
const namePattern = /^[0-9A-Za-z-]{1,127}$/
const versionPattern = /^[0-9A-Fa-f]{32}$/

export const isVaultName = (text: string): boolean => vaultPattern.test(text)
export const isObjectName = (text: string): boolean => namePattern.test(text)
export const isObjectVersion = (text: string): boolean => versionPattern.test(text)

/**
 * Reads `[vault:][type/]name[@version][#property][|base64]`, blanks around any part ignored.
 *
 * @param defaultVault - the vault that a reference without one means, if there is one
 */
export function parseReference(text: string, defaultVault?: string): Parsed<ParsedReference> {
  const [isDecoded, selection] = cutSuffix(text, '|base64')
  const [place, property] = cutAtFirst(selection, '#')
  const object = parseObject(place, defaultVault)
  const problems = 'problem' in object ? [object.problem] : []
  if (property === '') problems.push('after "#" the property is missing')
  if ('problem' in object || problems.length > 0) return { problem: problems.join('; ') }
  const { type } = object.value
  if (type !== 'secret' && (isDecoded || property !== undefined))
    return {
      problem: `"${isDecoded ? '|base64' : '#'}" picks from the value of a secret; type "${type}" has a form of its own`,
    }
  return {
    value: {
      object: object.value,
      ...(property !== undefined && { property }),
      ...(isDecoded && { encoding: 'base64' }),
    },
  }
}

/** All problems of the parts are told at once, `;` between them. */
function parseObject(text: string, defaultVault?: string): Parsed<ObjectReference> {
  if (/^\s*https?:/i.test(text))
    return { problem: 'a reference names an object and has no URL; write vault:name' }
  const [written, typed] = cutPrefix(text, ':')
  const [type = 'secret', named] = cutPrefix(typed, '/')
  const [name, version] = cutAtFirst(named, '@')
  if (name.includes('|'))
    return { problem: `"${printable(name)}": the only suffix accepted is "|base64"` }
  const vault = written ?? defaultVault
  const problems = [
    isObjectType(type) ? undefined : invalid(type, 'object type', objectTypes.join(', ')),
    vault === undefined ? noVault : undefined,
    written === undefined || isVaultName(written)
      ? undefined
      : invalid(written, 'vault name', '3 to 24 letters, digits and hyphens'),
    isObjectName(name)
      ? undefined
      : invalid(name, 'object name', '1 to 127 letters, digits and hyphens'),
    version === undefined || isObjectVersion(version)
      ? undefined
      : invalid(version, 'version', '32 hexadecimal digits'),
  ].filter((problem) => problem !== undefined)
  if (!isObjectType(type) || vault === undefined || problems.length > 0)
    return { problem: problems.join('; ') }
  return {
    value: {
      vault: vault.toLowerCase(),
      type,
      name,
      ...(version !== undefined && { version: version.toLowerCase() }),
    },
  }
}

const noVault =
  'no vault is named, here or as a default; write vault:name, or set the annotation akv-injector.io/vault'

const invalid = (found: string, what: string, accepted: string): string =>
  `"${printable(found)}" isn't a valid ${what}; accepted: ${accepted}`

const isObjectType = (text: string): text is ObjectType =>
  (objectTypes as readonly string[]).includes(text)

/** Where in a vault an object is fetched from: certificates have three sides, and `secrets` has the whole of one. */
export type Collection = 'secrets' | 'keys' | 'certificates'

const collections: Readonly<Record<ObjectType, Collection>> = {
  secret: 'secrets',
  tls: 'secrets',
  pfx: 'secrets',
  key: 'keys',
  cert: 'certificates',
}
export const collectionOf = ({ type }: ObjectReference): Collection => collections[type]

/** The same text for two references exactly when one fetch serves both. */
export function referenceKey(reference: ObjectReference): string {
  const { vault, name, version } = reference
  return `${vault}:${collectionOf(reference)}/${name.toLowerCase()}${version === undefined ? '' : `@${version}`}`
}

/** An object as messages name it: `secret team-a:db-password@0123…`. */
export function describeObject({ vault, type, name, version }: ObjectReference): string {
  return `${type} ${vault}:${name}${version === undefined ? '' : `@${version}`}`
}

/**
 * The base URL of a vault. The operator writes the template, the pod only the name, and a name
 * (see {@link isVaultName}) has no character that could end a host or a path segment.
 *
 * @param template - an https URL with `{vault}` in its host or its path
 * @throws Error if the name isn't valid, which callers have to check first
 */
export function vaultUrl(template: string, vault: string): string {
  if (!isVaultName(vault)) throw new Error(`not a vault name: ${JSON.stringify(vault)}`)
  return template.replace('{vault}', vault.toLowerCase())
}

/** `a:b:c` is `a` and `b:c`; without a colon there is no first part. All parts are trimmed. */
function cutPrefix(text: string, separator: string): [string | undefined, string] {
  const [first, rest] = cutAtFirst(text, separator)
  return rest === undefined ? [undefined, first] : [first, rest]
}

/** `a@b@c` is `a` and `b@c`; without an at sign there is no second part. */
function cutAtFirst(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator)
  return at < 0 ? [text.trim(), undefined] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function cutSuffix(text: string, suffix: string): [boolean, string] {
  const trimmed = text.trim()
  return trimmed.endsWith(suffix) ? [true, trimmed.slice(0, -suffix.length)] : [false, trimmed]
}
