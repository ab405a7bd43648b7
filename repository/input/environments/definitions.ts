import { isObject } from '../../../lib/shape.ts'
import type { NamedObject } from '../objects/find-objects.ts'
import { foldersFrom } from '../text/folders-from.ts'
import { sourceFolder } from '../text/rendered-source.ts'

export interface InFile {
  readonly manifest: Pick<NamedObject['manifest'], 'source'>
}

/** One of several objects with the same name. */
export interface Definition {
  readonly object: NamedObject
  readonly folder: string
  /** Its index among the objects with this name. */
  readonly index: number
  /** Equal copies have the same number. */
  readonly number: number
}

/** All objects with one name. */
export interface Definitions {
  readonly all: readonly Definition[]
  /** One object for each distinct definition. */
  readonly different: readonly Definition[]
  /** By folder: one object for each distinct definition. */
  readonly byFolder: ReadonlyMap<string, readonly Definition[]>
}

/** Groups the objects with one name. */
export function definitionsOf(objects: readonly NamedObject[]): Definitions {
  const numbers = new Map<string, number>()
  const all = objects.map((object, index): Definition => {
    const text = objects.length === 1 ? '' : contentOf(object)
    const number = numbers.get(text) ?? numbers.size
    numbers.set(text, number)
    return { object, folder: folderOf(object), index, number }
  })
  const byFolder = Map.groupBy(all, ({ folder }) => folder)
  return {
    all,
    different: firstOfEach(all),
    byFolder: new Map([...byFolder].map(([folder, some]) => [folder, firstOfEach(some)])),
  }
}

function firstOfEach(some: readonly Definition[]): readonly Definition[] {
  const seen = new Set<number>()
  return some.filter(({ number }) => !seen.has(number) && seen.add(number))
}

/**
 * Chooses the definitions that count for a folder. Several mean that one folder defines the name differently, and none
 * that neither the folder nor one above it defines the name.
 */
export function chosenFor(folder: string, { byFolder }: Definitions): readonly Definition[] {
  const above = foldersFrom(folder).find((parent) => byFolder.has(parent))
  return above === undefined ? [] : (byFolder.get(above) ?? [])
}

/** The folder of an object's file. Standard input belongs to the current folder. */
export const folderOf = ({ manifest: { source } }: InFile): string => sourceFolder(source)

/** Returns the same text for the same content, in whatever order its members are. */
const contentOf = ({ object }: NamedObject): string =>
  JSON.stringify(object, (_key, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
