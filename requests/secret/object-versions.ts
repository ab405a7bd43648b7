import { type ObjectReference, parseReference } from '../../keyvault/reference.ts'

/** Lists of vault objects with their versions, as in the annotation `akv-injector.io/synced`. */

const separator = ', '

/** Much longer than the list of the largest account. */
const maxLength = 256 * 1024

/** Splits a list into its entries. */
export const splitObjectVersions = (text: string): readonly string[] =>
  text.split(separator).filter((entry) => entry !== '')

/** `team-a:db-password@0123…, team-a:tls/web@4567…`. An object of unknown version has none. */
export const joinObjectVersions = (objects: readonly ObjectReference[]): string =>
  objects.map(objectVersion).join(separator)

/** Reads a list. Others can write it, too: skips the entries that aren't written as we write them. */
export const readObjectVersions = (text: string): readonly ObjectReference[] =>
  splitObjectVersions(text.slice(0, maxLength)).flatMap((entry) => {
    const read = parseReference(entry)
    return read.kind === 'valid' && objectVersion(read.value.object) === entry
      ? [read.value.object]
      : []
  })

const objectVersion = (object: ObjectReference): string =>
  `${unversionedName(object)}${object.version === undefined ? '' : `@${object.version}`}`

/** Names an object without its version, such as `team-a:key/signing`. Names are case-insensitive, so this is in lower case. */
export const unversionedName = ({ vault, type, name }: ObjectReference): string =>
  `${vault}:${type === 'secret' ? '' : `${type}/`}${name.toLowerCase()}`
