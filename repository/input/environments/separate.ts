import { cached } from '../../../lib/cached.ts'
import { foldersFrom } from '../text/folders-from.ts'
import type { Definition, Definitions } from './definitions.ts'

/** The top folder of an environment, or `/` for files that all environments may have in common. */
type Environment = string

/** Whether two environments are separate: they differ, and neither folder contains the other. */
export const areSeparate = (environment: Environment, other: Environment): boolean =>
  !foldersFrom(environment).includes(other) && !foldersFrom(other).includes(environment)

/** Returns a function that finds the environment of a folder. */
export function environmentsOf(names: readonly Definitions[]): (folder: string) => Environment {
  const roots = new Set(names.flatMap(separateFolders))
  return cached((folder: string) => foldersFrom(folder).find((parent) => roots.has(parent)) ?? '/')
}

/** Finds sibling folders with different definitions of a name, in them or below. */
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
 * Finds the definition of a name for an environment, if it is clear: the nearest one in the environment's folder or
 * above. A definition in a nested environment belongs only to that environment, which also sees everything above.
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
