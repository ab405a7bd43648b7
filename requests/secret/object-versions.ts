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
  `${objectPlace(object)}${object.version === undefined ? '' : `@${object.version}`}`

/** Vault names are case-insensitive, so lower case gives each object one entry. */
export const objectPlace = ({ vault, type, name }: ObjectReference): string =>
  `${vault}:${type === 'secret' ? '' : `${type}/`}${name.toLowerCase()}`
