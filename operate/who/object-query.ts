import { InputError } from '../../command/input-error.ts'
import { matchAny } from '../../keyvault/finds/match-pattern.ts'
import {
  collectionOf,
  isObjectVersion,
  isVaultName,
  type ObjectReference,
  parseReference,
} from '../../keyvault/reference.ts'
import { printable } from '../../lib/printable.ts'

/** What `who` asks about: a vault, or an object in it, or a version of that. */
export interface ObjectQuery {
  readonly vault: string
  /** Absent: all objects of the vault. */
  readonly name?: string
  /** Absent: whatever has this name, be it a secret, a key or a certificate. */
  readonly collection?: ReturnType<typeof collectionOf>
  readonly version?: string
}

/**
 * Reads `VAULT[:[TYPE/]NAME[@VERSION]]`.
 *
 * @throws InputError if it isn't one
 */
export function parseQuery(text: string, version: string | undefined): ObjectQuery {
  if (version !== undefined && !isObjectVersion(version))
    throw new InputError(
      `--version: "${printable(version)}" isn't a valid version; accepted: 32 hexadecimal digits`,
    )
  if (!text.includes(':')) return parseVault(text, version)
  const read = parseReference(text)
  if (read.kind === 'invalid') throw new InputError(read.problem)
  const { object, property, encoding } = read.value
  if (property !== undefined || encoding !== undefined)
    throw new InputError(
      `"${printable(text)}": expected an object without "#" and "|"; versions are of whole objects`,
    )
  const asked = version?.toLowerCase() ?? object.version
  if (object.version !== undefined && asked !== object.version)
    throw new InputError('--version and the version after "@" differ; give one of them')
  return {
    vault: object.vault,
    name: object.name.toLowerCase(),
    ...(text.includes('/') && { collection: collectionOf(object) }),
    ...(asked !== undefined && { version: asked }),
  }
}

function parseVault(text: string, version: string | undefined): ObjectQuery {
  if (!isVaultName(text))
    throw new InputError(
      `"${printable(text)}" isn't a valid vault name; accepted: 3 to 24 letters, digits and hyphens, or VAULT:NAME for one object`,
    )
  return {
    vault: text.toLowerCase(),
    ...(version !== undefined && { version: version.toLowerCase() }),
  }
}

/** Whether an object is one of those that `who` asks about. Its version doesn't matter. */
export const matchesQuery = (
  { vault, name, collection }: ObjectQuery,
  object: ObjectReference,
): boolean =>
  // The webhook writes the vault in lower case, but somebody who adds an agent by hand may not.
  object.vault.toLowerCase() === vault &&
  (name === undefined || object.name.toLowerCase() === name) &&
  (collection === undefined || collectionOf(object) === collection)

/** Whether a find may have found an object that `who` asks about. Finds find secrets only. */
export const mayBeFound = (
  { vault, name, collection }: ObjectQuery,
  find: { readonly vault: string; readonly pattern: string },
): boolean =>
  (collection === undefined || collection === 'secrets') &&
  (name === undefined
    ? find.vault.toLowerCase() === vault
    : matchAny([find])({ vault, type: 'secret', name }))

/**
 * Widens the question to all types: a certificate, its key and its secret have the same versions, so holding one of
 * them counts.
 */
export const ofAllTypes = ({ collection: _, ...query }: ObjectQuery): ObjectQuery => query

/** Writes it as an argument, in lower case: `team-a:key/signing@0123…`. */
export const describeQuery = ({ vault, name, collection, version }: ObjectQuery): string => {
  const type = collection === undefined ? '' : `${nounOf[collection]}/`
  return `${vault}${name === undefined ? '' : `:${type}${name}`}${version === undefined ? '' : `@${version}`}`
}

const nounOf = { secrets: 'secret', keys: 'key', certificates: 'cert' } as const
