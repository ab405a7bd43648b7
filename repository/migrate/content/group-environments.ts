import { dirname, normalize, sep } from 'node:path'
import { cached } from '../../../lib/cached.ts'
import type { ViewOf } from '../../input/environments/folder-views.ts'
import { areSeparate } from '../../input/environments/separate.ts'

/** The files of an environment. */
interface Environment {
  /** The path of its folder, as the user named it. */
  readonly folder: string
  readonly sources: ReadonlySet<string>
}

/** The environments of files. Files that several of them have in common form one more. */
export interface Environments {
  readonly all: readonly Environment[]
  /** Whether two files may affect each other, even if one of them wasn't read. */
  mayShare(source: string, other: string): boolean
}

/** Groups files by environment. */
export function groupEnvironments(sources: readonly string[], viewOf: ViewOf): Environments {
  const environmentOf = cached((source: string) => viewOf({ manifest: { source } }).environment)
  const groups = Map.groupBy(new Set(sources), environmentOf)
  return {
    all: [...groups.values()].map((some) => ({
      folder: commonFolder(some),
      sources: new Set(some),
    })),
    mayShare: (source, other) => !areSeparate(environmentOf(source), environmentOf(other)),
  }
}

function commonFolder(sources: readonly string[]): string {
  const [first = [], ...others] = sources.map((source) => dirname(normalize(source)).split(sep))
  const end = first.findIndex((name, i) => others.some((path) => path[i] !== name))
  return (end === -1 ? first : first.slice(0, end)).join(sep) || '.'
}
