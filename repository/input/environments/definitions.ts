import { dirname, resolve } from 'node:path'
import { isObject } from '../../../lib/shape.ts'
import type { NamedObject } from '../objects/find-objects.ts'
import { foldersFrom } from '../text/folders-from.ts'

export interface InFile {
  readonly manifest: Pick<NamedObject['manifest'], 'source'>
}

/** One of the objects of a name. */
export interface Definition {
  readonly object: NamedObject
  readonly folder: string
  /** Among all objects of its name. */
  readonly index: number
  /** The same for equal copies. */
  readonly number: number
}

/** All objects of one name. */
export interface Definitions {
  readonly all: readonly Definition[]
  /** The first of each definition. */
  readonly different: readonly Definition[]
  /** The first of each definition in a folder. */
  readonly byFolder: ReadonlyMap<string, readonly Definition[]>
}

/** Groups the objects of one name. */
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

/** What counts for a folder: one object, several different ones in one folder, or none if no folder above has any. */
export function chosenFor(folder: string, { byFolder }: Definitions): readonly Definition[] {
  const above = foldersFrom(folder).find((parent) => byFolder.has(parent))
  return above === undefined ? [] : (byFolder.get(above) ?? [])
}

/** Standard input belongs to the current folder. */
export const folderOf = ({ manifest: { source } }: InFile): string => dirname(resolve(source))

/** The same text for the same content, however its members are ordered. */
const contentOf = ({ object }: NamedObject): string =>
  JSON.stringify(object, (_key, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
