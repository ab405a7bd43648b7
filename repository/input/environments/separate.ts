import { cached } from '../../../lib/cached.ts'
import { foldersFrom } from '../text/folders-from.ts'
import type { Definition, Definitions } from './definitions.ts'

/** The folder with everything of an environment, or `/` for what all environments may have in common. */
type Environment = string

/** Whether two environments are different ones, and not one in the folder of the other. */
export const areSeparate = (environment: Environment, other: Environment): boolean =>
  !foldersFrom(environment).includes(other) && !foldersFrom(other).includes(environment)

/** Returns a function that tells the environment of a folder. */
export function environmentsOf(names: readonly Definitions[]): (folder: string) => Environment {
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

/**
 * The definition of a name that belongs to an environment, if it is clear: the nearest one in the environment or in what contains it.
 * A definition in an environment below it belongs only to that one, which sees everything above it.
 */
export function objectOf(
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
  const nearest = foldersFrom(environment).find((parent) => byEnvironment.has(parent))
  const [first, ...others] = byEnvironment.get(nearest ?? '') ?? []
  return others.every(({ number }) => number === first?.number) ? first : undefined
}
