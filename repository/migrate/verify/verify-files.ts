import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import { contentOf } from '../content/content.ts'
import type { Environments } from '../content/group-environments.ts'
import type { MigratedFile } from '../content/read-input.ts'
import type { RewrittenFile } from '../files/rewrite-documents.ts'
import type { Migration } from '../plan/plan-migration.ts'
import type { OverlayPatch } from '../plan/plan-overlays.ts'
import type { PlannedContent } from './fill-migration.ts'
import { type Difference, findDifferences } from './find-differences.ts'

/** Everything that a migration is going to do. */
export interface PlannedFiles extends PlannedContent {
  readonly files: readonly RewrittenFile[]
  /** The same with the values that the caller gave, if any. They only make the verification stricter. */
  readonly filled?: PlannedContent
  readonly overlays: readonly OverlayPatch[]
  /** The namespace of objects that don't name one. */
  readonly namespace: string
}

interface Verified {
  /**
   * The files. Changes after which all objects ask for the same as before are kept, and all other files have their old
   * text.
   */
  readonly files: readonly RewrittenFile[]
  readonly differences: readonly Difference[]
}

/**
 * Reads the rewritten files again, and undoes the changes in each environment in which an object asks for something
 * else than before. Repeats this until nothing differs, because environments may share files.
 *
 * @param options - `read`: reads all files that a rewritten file turns into
 */
export function verifyFiles(
  files: readonly RewrittenFile[],
  {
    old,
    migration,
    filled,
    read,
  }: PlannedContent &
    Pick<PlannedFiles, 'filled'> & {
      readonly read: (file: RewrittenFile, placeholders: Placeholders) => readonly MigratedFile[]
    },
): Verified {
  const found: Difference[] = []
  let current = files
  let undone = new Set<string>()
  while (current.some(isChanged)) {
    const differencesIn = (plan: PlannedContent) => {
      const files = current.flatMap((file) => read(file, plan.old.placeholders))
      return findDifferences(plan.old, contentOf(files, plan.old), without(undone, plan.migration))
    }
    const open = differencesIn({ old, migration })
    const differences =
      open.length > 0 || filled === undefined
        ? open
        : differencesIn(filled).map(({ title, source }) => ({
            title: filled.old.placeholders.restore(title),
            source,
            isOfValues: true as const,
          }))
    if (differences.length === 0) break
    found.push(...differences)
    const changed = current.filter(isChanged).map(({ source }) => source)
    undone = new Set([...undone, ...firstToUndo(changed, old.environments, differences)])
    current = current.map((file) =>
      undone.has(file.source) ? { ...file, after: file.before, added: [] } : file,
    )
  }
  return { files: current, differences: found }
}

const isChanged = ({ before, after, added }: RewrittenFile): boolean =>
  before !== after || added.length > 0

/**
 * Chooses the files to undo first: the changed files of the environments with differences. If those are undone already,
 * the changed files that these environments may share. Otherwise all, because the remaining changes don't work on their
 * own.
 */
function firstToUndo(
  changed: readonly string[],
  { all, mayShare }: Environments,
  differences: readonly Difference[],
): readonly string[] {
  const wrong = all.filter(({ sources }) => differences.some(({ source }) => sources.has(source)))
  const inside = changed.filter((source) => wrong.some(({ sources }) => sources.has(source)))
  if (inside.length > 0) return inside
  const shared = changed.filter((file) => differences.some(({ source }) => mayShare(file, source)))
  return shared.length > 0 ? shared : changed
}

/** Returns the part of a migration that is outside of these files. */
const without = (
  sources: ReadonlySet<string>,
  { pods, removed, accounts, kept }: Migration,
): Migration => ({
  kept,
  pods: pods.filter(({ template }) => !sources.has(template.manifest.source)),
  removed: removed.filter(({ manifest }) => !sources.has(manifest.source)),
  accounts: accounts.filter(
    ({ existing, source }) => !sources.has((existing ?? source).manifest.source),
  ),
})
