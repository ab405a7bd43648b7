import { cached, once } from '../../../lib/cached.ts'
import { positionOf } from '../document/position-of.ts'
import { findObject, keyOf, shareIndex } from '../objects/find-object.ts'
import type { FoundObject, NamedObject } from '../objects/find-objects.ts'
import { isReferredTo } from '../sources/referred-to.ts'
import { describeSource } from '../text/file-error.ts'
import { foldersFrom } from '../text/folders-from.ts'
import {
  chosenFor,
  type Definition,
  type Definitions,
  definitionsOf,
  folderOf,
  type InFile,
} from './definitions.ts'
import { areSeparate, environmentsOf, objectOf } from './separate.ts'

/** The objects as the files of one folder see them: one for each name. */
export interface FolderView {
  /** The objects of the same environment, which are compared with each other. All folders of an environment have the same list. */
  readonly objects: readonly NamedObject[]
  /**
   * All objects that may be looked up by name. They include objects of other environments whose names have only one
   * definition. If it isn't clear which definition of a name is meant, the entry is `unclear`.
   */
  readonly lookUps: readonly (NamedObject | UnclearObject)[]
  /**
   * Returns the object that is looked up here, and its equal copies. Empty if this folder or one above it has one of
   * them.
   */
  copiesOf(object: NamedObject): readonly NamedObject[]
  /** Whether objects of this folder also count for an environment that the other folder isn't part of. */
  reachesBeyond(other: FolderView): boolean
  /** The environment's top folder, or `/` for files that all environments may have in common. */
  readonly environment: string
}

type UnclearObject = FoundObject & { readonly unclear: string }

/** Whether an entry is an object of the files, rather than an unclear name. */
export const isClear = (object: FoundObject | undefined): object is NamedObject =>
  object !== undefined && 'manifest' in object

/** Returns the view of a document's file. Files of the same environment have the same view. */
export type ViewOf = (referrer: InFile) => FolderView

/** Reasons to doubt that a definition is the one that counts, although no other was read. */
export interface Doubts {
  /** Whether there may be a reason to doubt the object, in any folder. */
  concern(object: NamedObject): boolean
  /** Returns the reason not to use a definition for the files of a folder. `folder` is an absolute path. */
  about(object: NamedObject, folder: string): string | undefined
}

const noDoubts: Doubts = { concern: () => false, about: () => undefined }

/**
 * Decides which objects belong together if the files have several environments, such as folders `dev` and `prod` with
 * objects of the same names (docs/specification.md, "Several environments"):
 *
 * - A name with one definition is found from anywhere. Equal copies are one definition.
 * - Of different definitions, the one in the nearest folder counts: the folder of the file that refers to it, then the
 * parents of that folder. Two in one folder, or none in any of these, are unclear.
 * - Two folders beside each other, in or below which a name has different definitions, are different environments.
 * - A definition that is in doubt is unclear.
 */
export function viewsByFolder(objects: readonly NamedObject[], doubts: Doubts = noDoubts): ViewOf {
  const names = [...Map.groupBy(objects.filter(isReferredTo), keyOf)]
  const definitions = names.map(([, some]) => definitionsOf(some))
  const positions = new Map(names.map(([key], position) => [key, position]))
  const byFolder = positionsByFolder(definitions)
  const uncertain = objects.filter((object) => isReferredTo(object) && doubts.concern(object))
  const environmentOf = environmentsOf(definitions)
  const environments = once(() => new Set(objects.map((object) => environmentOf(folderOf(object)))))
  // Shared by all folders, because there may be thousands of them.
  const unclearOf = cached(unclearObject)
  const see = (folder: string, some: Definitions): Seen =>
    seenFrom(folder, { definitions: some, environmentOf, unclearOf })
  /**
   * What an environment's folder sees. The folders below see the same, except for names that they define themselves.
   */
  const commonIn = cached((environment: string) => ({
    seen: definitions.map((some) => see(environment, some)),
    members: definitions.flatMap(
      (some) => objectOf(environment, { definitions: some, environmentOf })?.object ?? [],
    ),
  }))
  const viewFrom = viewMaker({ positions, commonIn, environments })
  // Folders for which the same objects count share a view.
  const shared = new Map<string, FolderView>()
  const viewOf = cached((folder: string) => {
    const environment = environmentOf(folder)
    const inside = foldersFrom(folder).slice(0, foldersFrom(folder).indexOf(environment))
    const own = new Map(
      inside
        .flatMap((parent) => byFolder.get(parent) ?? [])
        .map((position) => [position, see(folder, definitions[position] as Definitions)]),
    )
    const reasons = uncertain.map((object) => doubts.about(object, folder))
    const key = JSON.stringify([
      environment,
      [...own].map(([position, { index }]) => [position, index]),
      reasons,
    ])
    const doubted = new Map(
      uncertain.flatMap((object, i) => (reasons[i] === undefined ? [] : [[object, reasons[i]]])),
    )
    const view = shared.get(key) ?? viewFrom(environment, { own, doubted })
    shared.set(key, view)
    return view
  })
  return (referrer) => viewOf(folderOf(referrer))
}

/** What the files of an environment have in common. */
interface Common {
  /** What the environment's folder sees, by the positions of the names. */
  readonly seen: readonly Seen[]
  readonly members: readonly NamedObject[]
}

/** What some folders of an environment see differently from the environment's own folder. */
interface Differences {
  /** The names that these folders define themselves, by position. */
  readonly own: ReadonlyMap<number, Seen>
  /** The reasons not to use definitions. */
  readonly doubted: ReadonlyMap<NamedObject, string>
}

/** Returns a function that makes the view of the folders of an environment that see the same. */
function viewMaker({
  positions,
  commonIn,
  environments,
}: {
  readonly positions: ReadonlyMap<string, number>
  readonly commonIn: (environment: string) => Common
  readonly environments: () => ReadonlySet<string>
}): (environment: string, differences: Differences) => FolderView {
  const positionOf = (object: NamedObject) => positions.get(keyOf(object)) ?? -1
  return (environment, { own, doubted }) => {
    const { seen, members } = commonIn(environment)
    const lookUps = seen.map(({ object }) => object)
    for (const [position, { object }] of own) lookUps[position] = object
    for (const [object, doubt] of doubted) {
      const position = positionOf(object)
      if (lookUps[position] === object) lookUps[position] = withoutContent(object, doubt)
    }
    shareIndex(lookUps, positions)
    return {
      objects: doubted.size === 0 ? members : members.filter((object) => !doubted.has(object)),
      lookUps,
      copiesOf(object) {
        const position = positionOf(object)
        return (own.get(position) ?? seen[position])?.copies ?? []
      },
      reachesBeyond: (other) =>
        [...environments()].some(
          (some) => areSeparate(some, other.environment) && !areSeparate(some, environment),
        ),
      environment,
    }
  }
}

/** The indexes of names with several definitions, by the folders that define them. */
function positionsByFolder(
  definitions: readonly Definitions[],
): ReadonlyMap<string, readonly number[]> {
  const pairs = definitions.flatMap(({ all, byFolder }, position) =>
    all.length === 1 ? [] : [...byFolder.keys()].map((folder) => ({ folder, position })),
  )
  return new Map(
    [...Map.groupBy(pairs, ({ folder }) => folder)].map(([folder, some]) => [
      folder,
      some.map(({ position }) => position),
    ]),
  )
}

/** Why it isn't clear which of several objects with this name counts in a view. Undefined if it is clear. */
export const unclearReason = (
  { lookUps }: FolderView,
  wanted: Pick<NamedObject, 'kind' | 'namespace' | 'name'>,
): string | undefined => findObject<FoundObject>(lookUps, wanted)?.unclear

/** What a folder sees for a name. */
interface Seen {
  readonly object: NamedObject | UnclearObject
  /** The index, among the objects with this name, of the object or of the first one that the name may mean. */
  readonly index: number
  /** The object and its equal copies in the environment. Empty if this folder or one above it has one of them. */
  readonly copies: readonly NamedObject[]
}

function seenFrom(
  folder: string,
  {
    definitions,
    environmentOf,
    unclearOf,
  }: {
    readonly definitions: Definitions
    readonly environmentOf: (folder: string) => string
    readonly unclearOf: (different: readonly Definition[]) => UnclearObject
  },
): Seen {
  const { all, different } = definitions
  const chosen = chosenFor(folder, definitions)
  const [first = all[0] as Definition, ...others] = chosen
  const { object, index } = first
  if (chosen.length > 0 && others.length === 0) return { object, index, copies: [] }
  if (different.length > 1)
    return { object: unclearOf(chosen.length === 0 ? different : chosen), index, copies: [] }
  const environment = environmentOf(folder)
  const near = all.filter((some) => !areSeparate(environment, environmentOf(some.folder)))
  const { object: nearest, index: position } = near[0] ?? first
  return { object: nearest, index: position, copies: near.map((some) => some.object) }
}

const maxPlaces = 5

/** An entry for a name with several definitions, none of which counts. */
function unclearObject(different: readonly Definition[]): UnclearObject {
  const [first] = different as readonly [Definition]
  const shown = different.slice(0, maxPlaces).map(({ object: { manifest, path } }) => {
    const { source, line } = positionOf(manifest, path)
    return `${describeSource(source)}:${line}`
  })
  const more = different.length - shown.length
  const where = [...shown, ...(more > 0 ? [`${more} more files`] : [])].join(', ')
  const unclear = different.every(({ folder }) => folder === first.folder)
    ? `is defined differently in one folder (${where}); keep one of them, or give each environment a folder of its own`
    : `is defined differently in ${where}, and none of these is in this folder or above it; pass one environment at a time, or move this file into its environment's folder`
  const among = different.map(({ object }) => object)
  return { ...withoutContent(first.object, unclear), among }
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
