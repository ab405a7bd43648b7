import { dirname, resolve } from 'node:path'
import { isObject } from '../../../lib/shape.ts'
import { cached } from '../cached.ts'
import { placeOf } from '../document/place-of.ts'
import { findObject, keyOf } from '../find-object.ts'
import type { FoundObject, NamedObject } from '../find-objects.ts'
import { isReferredTo } from '../sources/referred-to.ts'
import { describeSource } from '../text/file-error.ts'

/** The objects that were passed, as the files of one folder see them: one for each name. */
export interface FolderView {
  /** The objects of the same environment, which are compared with each other. All folders of an environment have the same list. */
  readonly objects: readonly NamedObject[]
  /**
   * All objects that may be looked up by their names. Those of other environments are among them if their names have one
   * definition. A name for which nothing says which definition is meant is there as `unclear`.
   */
  readonly lookUps: readonly (NamedObject | UnclearObject)[]
  /** The equal copies of an object that is looked up here, if there are several and none is in this folder or above it. */
  readonly copies: ReadonlyMap<NamedObject, readonly NamedObject[]>
  /** Whether what lies here also counts for an environment that another folder isn't part of. */
  reachesBeyond(other: FolderView): boolean
  readonly environment: Environment
}

type UnclearObject = FoundObject & { readonly unclear: string }

/** Whether an object is one of the files, and not a name that is unclear. */
export const isClear = (object: FoundObject | undefined): object is NamedObject =>
  object !== undefined && 'manifest' in object

/** The view of the file that a document is in. Files of the same environment have the same view. */
export type ViewOf = (referrer: InFile) => FolderView

interface InFile {
  readonly manifest: Pick<NamedObject['manifest'], 'source'>
}

/** Why a definition may not be the one that counts, although no other was read. */
export interface Doubts {
  /** Whether there may be a reason, in any folder. */
  concern(object: NamedObject): boolean
  /** The reason not to use a definition for the files of a folder. The folder's path is absolute. */
  about(object: NamedObject, folder: string): string | undefined
}

const noDoubts: Doubts = { concern: () => false, about: () => undefined }

/**
 * Decides which objects belong together if several environments were passed, such as folders dev and prod with objects of
 * the same names (docs/specification.md, "Several environments"):
 *
 * - A name with one definition is found from anywhere. Equal copies are one definition.
 * - Of different definitions, the one in the nearest folder counts: the folder of the file that refers to it, then the parents
 *   of that folder. Two in one folder, or none in any of these, are unclear.
 * - Two folders beside each other, in or below which a name has different definitions, are different environments.
 * - A definition that is in doubt is unclear.
 */
export function viewsByFolder(objects: readonly NamedObject[], doubts: Doubts = noDoubts): ViewOf {
  const names = [...Map.groupBy(objects.filter(isReferredTo), keyOf).values()].map(definitionsOf)
  const repeated = names.filter(({ all }) => all.length > 1)
  const doubted = objects.filter((object) => isReferredTo(object) && doubts.concern(object))
  const environmentOf = environmentsOf(repeated)
  // One object for all folders, because there may be thousands of them.
  const unclearOf = cached(unclearObject)
  // Folders share a view if the same objects count for them.
  const shared = new Map<string, FolderView>()
  const viewOf = cached((folder: string) => {
    const key = JSON.stringify([
      environmentOf(folder),
      ...repeated.map((definitions) => chosenFor(folder, definitions).map(({ index }) => index)),
      ...doubted.map((object) => doubts.about(object, folder) ?? ''),
    ])
    const view = shared.get(key) ?? viewFrom(folder)
    shared.set(key, view)
    return view
  })
  const environments = cached((_: 'all') => [
    ...new Set(objects.map((object) => environmentOf(folderOf(object)))),
  ])
  const objectsIn = cached((environment: Environment) =>
    names.flatMap(
      (definitions) => memberOf(environment, { definitions, environmentOf })?.object ?? [],
    ),
  )
  function viewFrom(folder: string): FolderView {
    const environment = environmentOf(folder)
    const isNear = (definition: Definition) =>
      !areSeparate(environment, environmentOf(definition.folder))
    const doubtOf = (object: NamedObject) => doubts.about(object, folder)
    const seen = names.map((definitions) => {
      const found = seenFrom(folder, { definitions, isNear, unclearOf })
      const { object } = found
      const doubt = isClear(object) ? doubtOf(object) : undefined
      return doubt === undefined ? found : { ...found, object: withoutContent(object, doubt) }
    })
    const inDoubt = new Set(doubted.filter((object) => doubtOf(object) !== undefined))
    const members = objectsIn(environment)
    return {
      objects: inDoubt.size === 0 ? members : members.filter((object) => !inDoubt.has(object)),
      lookUps: seen.map(({ object }) => object),
      copies: new Map(
        seen.flatMap(({ object, copies }) =>
          isClear(object) && copies.length > 1 ? [[object, copies]] : [],
        ),
      ),
      reachesBeyond: (other) =>
        environments('all').some(
          (some) => areSeparate(some, other.environment) && !areSeparate(some, environment),
        ),
      environment,
    }
  }
  return (referrer) => viewOf(folderOf(referrer))
}

/** Why nothing says which of several objects of this name counts in a view. Undefined if it is clear. */
export const unclearReason = (
  { lookUps }: FolderView,
  wanted: Pick<NamedObject, 'kind' | 'namespace' | 'name'>,
): string | undefined => findObject<FoundObject>(lookUps, wanted)?.unclear

interface Definition {
  readonly object: NamedObject
  readonly folder: string
  /** Among all objects of its name. */
  readonly index: number
  /** The same for equal copies. */
  readonly number: number
}

/** All objects of one name. */
interface Definitions {
  readonly all: readonly Definition[]
  /** The first of each definition. */
  readonly different: readonly Definition[]
  /** The first of each definition in a folder. */
  readonly byFolder: ReadonlyMap<string, readonly Definition[]>
}

function definitionsOf(objects: readonly NamedObject[]): Definitions {
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
function chosenFor(folder: string, { byFolder }: Definitions): readonly Definition[] {
  const above = foldersFrom(folder).find((parent) => byFolder.has(parent))
  return above === undefined ? [] : (byFolder.get(above) ?? [])
}

/** A folder and its parents, the nearest first. */
const foldersFrom = cached((folder: string): readonly string[] => {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...foldersFrom(parent)]
})

/** The folder with everything of an environment, or `/` for what all environments may have in common. */
export type Environment = string

/** Whether two environments are different ones, and not one in the folder of the other. */
export const areSeparate = (environment: Environment, other: Environment): boolean =>
  !isOneEnvironment([environment, other])

/** Whether no two of the environments are separate: each is in the folder of the next one. */
export function isOneEnvironment(environments: readonly Environment[]): boolean {
  const [innermost = '/'] = environments.toSorted((a, b) => b.length - a.length)
  return environments.every((environment) => foldersFrom(innermost).includes(environment))
}

/** Returns a function that tells the environment of a folder. */
function environmentsOf(names: readonly Definitions[]): (folder: string) => Environment {
  const roots = new Set(names.flatMap(separateFolders))
  return cached((folder: string) => foldersFrom(folder).find((parent) => roots.has(parent)) ?? '/')
}

/** The folders beside each other in or below which a name has different definitions. */
function separateFolders({ different, byFolder }: Definitions): readonly string[] {
  if (different.length < 2) return []
  const branches = new Map<string, { folders: Set<string>; numbers: Set<number> }>()
  for (const [folder, some] of byFolder) {
    let branch = folder
    for (const parent of foldersFrom(folder)) {
      const { folders, numbers } = branches.get(parent) ?? {
        folders: new Set(),
        numbers: new Set(),
      }
      folders.add(branch)
      for (const { number } of some) numbers.add(number)
      branches.set(parent, { folders, numbers })
      branch = parent
    }
  }
  return [...branches].flatMap(([parent, { folders, numbers }]) =>
    folders.size > 1 && numbers.size > 1 ? [...folders].filter((folder) => folder !== parent) : [],
  )
}

/** The definition of a name that counts in an environment, if it is clear. */
function memberOf(
  environment: Environment,
  {
    definitions,
    environmentOf,
  }: {
    readonly definitions: Definitions
    readonly environmentOf: (folder: string) => Environment
  },
): Definition | undefined {
  const byEnvironment = Map.groupBy(definitions.all, ({ folder }) => environmentOf(folder))
  const above = foldersFrom(environment).find((parent) => byEnvironment.has(parent))
  const counting =
    above === undefined
      ? definitions.all.filter(({ folder }) => !areSeparate(environment, environmentOf(folder)))
      : (byEnvironment.get(above) ?? [])
  return counting.every(({ number }) => number === counting[0]?.number) ? counting[0] : undefined
}

interface Seen {
  readonly object: NamedObject | UnclearObject
  readonly copies: readonly NamedObject[]
}

function seenFrom(
  folder: string,
  {
    definitions,
    isNear,
    unclearOf,
  }: {
    readonly definitions: Definitions
    readonly isNear: (definition: Definition) => boolean
    readonly unclearOf: (different: readonly Definition[]) => UnclearObject
  },
): Seen {
  const { all, different } = definitions
  const chosen = chosenFor(folder, definitions)
  const [first = all[0] as Definition, ...others] = chosen
  if (chosen.length > 0 && others.length === 0) return { object: first.object, copies: [] }
  if (different.length > 1)
    return { object: unclearOf(chosen.length === 0 ? different : chosen), copies: [] }
  const [near = first, ...copies] = all.filter(isNear)
  return { object: near.object, copies: [near, ...copies].map(({ object }) => object) }
}

const maxPlaces = 5

/** Stands for a name with these definitions, of which none counts. */
function unclearObject(different: readonly Definition[]): UnclearObject {
  const [first] = different as readonly [Definition]
  const places = different.slice(0, maxPlaces).map(({ object: { manifest, path } }) => {
    const { source, line } = placeOf(manifest, path)
    return `${describeSource(source)}:${line}`
  })
  const more = different.length - places.length
  const where = [...places, ...(more > 0 ? [`${more} more files`] : [])].join(', ')
  const unclear = different.every(({ folder }) => folder === first.folder)
    ? `is defined differently in one folder (${where}); keep one of them, or give each environment a folder of its own`
    : `is defined differently in ${where}, and none of these is in this folder or above it; pass one environment at a time, or move this file into its environment's folder`
  return withoutContent(first.object, unclear)
}

const withoutContent = (
  { kind, namespace, name, object }: FoundObject,
  unclear: string,
): UnclearObject => ({
  kind,
  namespace,
  name,
  object: { apiVersion: object['apiVersion'] },
  unclear,
})

/** Standard input belongs to the current folder. */
const folderOf = ({ manifest: { source } }: InFile): string => dirname(resolve(source))

/** The same text for the same content, however its members are ordered. */
const contentOf = ({ object }: NamedObject): string =>
  JSON.stringify(object, (_key, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
