import { countOf } from '../../lib/count-of.ts'
import { changesOf } from './files/changes-of.ts'
import type { RewrittenFile } from './files/rewrite-documents.ts'
import type { PlannedFiles } from './verify/verify-files.ts'

/** Writes a line for each environment with something to migrate: its folder, what changes, and what doesn't. */
export function summaryLines(
  files: readonly RewrittenFile[],
  { old, migration }: Pick<PlannedFiles, 'old' | 'migration'>,
): readonly string[] {
  return old.environments.all.flatMap(({ folder, sources }) => {
    const here = files.filter(({ source }) => sources.has(source))
    const changes = here.flatMap((file) => changesOf(file, 'changed'))
    const changed = new Set(
      here.filter((file) => changesOf(file, 'changed').length > 0).map(({ source }) => source),
    )
    const countIn = (some: ReadonlySet<string>, objects: readonly InFile[]) =>
      objects.filter(({ manifest }) => some.has(manifest.source)).length
    const added = changes.filter(({ before }) => before === undefined).length
    const deleted = changes.filter(({ after }) => after === undefined).length
    const kept = new Set(migration.kept.map(({ object }) => object))
    const left = countIn(sources, [...kept])
    if (changes.length + left === 0) return []
    const pods = countIn(
      changed,
      migration.pods.map(({ template }) => template),
    )
    return [
      `${folder}: ${countOf(changes.length - added - deleted, 'file')} changed, ${added} added, ${deleted} deleted`,
      `${countOf(pods, 'pod')} migrated, ${countOf(countIn(changed, migration.removed), 'object')} removed, ${left} kept`,
    ].join('; ')
  })
}

interface InFile {
  readonly manifest: { readonly source: string }
}
