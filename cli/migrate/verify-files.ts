import { areSeparate, type FolderView } from '../input/environments/folder-views.ts'
import { contentOf, type MigratedContent } from './content.ts'
import { type Difference, findDifferences } from './find-differences.ts'
import type { Migration } from './plan-migration.ts'
import type { OverlayPatch } from './plan-overlays.ts'
import type { MigratedFile } from './read-input.ts'
import type { RewrittenFile } from './rewrite-documents.ts'

/** Everything that a migration would do. */
export interface PlannedFiles {
  readonly files: readonly RewrittenFile[]
  readonly old: MigratedContent
  readonly migration: Migration
  readonly overlays: readonly OverlayPatch[]
  /** Of objects that don't name one. */
  readonly namespace: string
}

interface Verified {
  /** The files with the changes that ask for the same as before. The others have their old texts. */
  readonly files: readonly RewrittenFile[]
  readonly differences: readonly Difference[]
}

/**
 * Reads the rewritten files again, and takes back the changes of each environment in which an object asks for anything else than
 * before. Repeats this until all files together ask for the same as before, because environments may share files.
 *
 * @param options - `read`: reads everything that a rewritten file becomes
 */
export function verifyFiles(
  files: readonly RewrittenFile[],
  {
    old,
    migration,
    read,
  }: Pick<PlannedFiles, 'old' | 'migration'> & {
    readonly read: (file: RewrittenFile) => readonly MigratedFile[]
  },
): Verified {
  const viewAt = (source: string) => old.viewOf({ manifest: { source } })
  const found: Difference[] = []
  let current = files
  let undone = new Set<string>()
  while (current.some(isChanged)) {
    const rewritten = contentOf(current.flatMap(read), old)
    const differences = findDifferences(old, rewritten, without(undone, migration))
    if (differences.length === 0) break
    found.push(...differences)
    const changed = current.filter(isChanged).map(({ source }) => source)
    const wrong = connected(
      differences.map(({ source }) => viewAt(source)),
      changed.map(viewAt),
    )
    const next = changed.filter((source) => wrong.has(viewAt(source)))
    // If these changes are gone already, the others don't have the same effect without them.
    undone = new Set([...undone, ...(next.length > 0 ? next : changed)])
    current = current.map((file) =>
      undone.has(file.source) ? { ...file, after: file.before, added: [] } : file,
    )
  }
  return { files: current, differences: found }
}

const isChanged = ({ before, after, added }: RewrittenFile): boolean =>
  before !== after || added.length > 0

/** The views of the same environments as the first ones, also if a changed file that they share connects them. */
function connected(first: readonly FolderView[], changed: readonly FolderView[]) {
  const reached = new Set(first)
  for (const view of reached)
    for (const other of changed)
      if (!areSeparate(view.environment, other.environment)) reached.add(other)
  return reached
}

/** What a migration changes outside of these files. */
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
