import { dirname, normalize, sep } from 'node:path'
import { changesOf } from './changes-of.ts'
import type { RewrittenFile } from './rewrite-documents.ts'
import type { PlannedFiles } from './verify-files.ts'

/** One line for each environment that has something to migrate: its folders, what changes in them, and what doesn't. */
export function summaryLines(
  files: readonly RewrittenFile[],
  { old, migration }: Pick<PlannedFiles, 'old' | 'migration'>,
): readonly string[] {
  const environments = Map.groupBy(files, ({ source }) => old.viewOf({ manifest: { source } }))
  return [...environments.values()].flatMap((some) => {
    const changes = some.flatMap((file) => changesOf(file, 'changed'))
    const [here, changed] = [
      some,
      some.filter((file) => changesOf(file, 'changed').length > 0),
    ].map((files) => new Set(files.map(({ source }) => source)))
    const countIn = (sources: ReadonlySet<string> | undefined, objects: readonly InFile[]) =>
      objects.filter(({ manifest }) => sources?.has(manifest.source)).length
    const added = changes.filter(({ before }) => before === undefined).length
    const deleted = changes.filter(({ after }) => after === undefined).length
    const kept = new Set(migration.kept.map(({ object }) => object))
    const left = countIn(here, [...kept])
    if (changes.length + left === 0) return []
    const pods = countIn(
      changed,
      migration.pods.map(({ template }) => template),
    )
    return [
      `${foldersOf(some)}: ${count(changes.length - added - deleted, 'file')} changed, ${added} added, ${deleted} deleted`,
      `${count(pods, 'pod')} migrated, ${count(countIn(changed, migration.removed), 'object')} removed, ${left} left as they are`,
    ].join('; ')
  })
}

interface InFile {
  readonly manifest: { readonly source: string }
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`

const maxFolders = 3

/** The folders of an environment, without those inside of another one. */
function foldersOf(files: readonly RewrittenFile[]): string {
  const folders = [...new Set(files.map(({ source }) => dirname(normalize(source))))].toSorted()
  const outer = folders.filter(
    (folder) =>
      !folders.some(
        (other) => other !== folder && (other === '.' || folder.startsWith(other + sep)),
      ),
  )
  const more = outer.length - maxFolders
  return [...outer.slice(0, maxFolders), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}
