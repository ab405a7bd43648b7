import type { NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import type { Placeholders } from '../../input/placeholders/placeholders.ts'
import { shapeIn } from '../../input/placeholders/shape-in.ts'
import { contentOf, type MigratedContent } from '../content/content.ts'
import { type MigratedFile, readFile } from '../content/read-input.ts'
import type { AccountChange } from '../plan/account-change.ts'
import type { Migration } from '../plan/plan-migration.ts'

/** Manifests, and what is planned for them. */
export interface PlannedContent {
  readonly old: MigratedContent
  readonly migration: Migration
}

/**
 * The same plan for the same files, with other placeholders: those that have the values of one environment. The plan holds for all
 * values, so nothing is planned again.
 *
 * @throws FileError if a file can't be read with these values
 */
export function fillMigration(
  { old, migration }: PlannedContent,
  {
    files,
    placeholders,
    namespace,
  }: {
    readonly files: readonly MigratedFile[]
    readonly placeholders: Placeholders
    readonly namespace: string
  },
): PlannedContent {
  const read = files.map(({ source, text }) => readFile(source, text, { namespace, placeholders }))
  const filled = contentOf(read, { ...old, placeholders })
  const object = counterparts(filled.objects)
  const template = counterparts(filled.templates)
  const accountOf = (account: AccountChange): AccountChange => {
    const fill = filler(old.placeholders, placeholders, account.source)
    const annotations = Object.entries(account.annotations).map(([key, value]) => [
      key,
      typeof value === 'string' ? fill(key, value) : value,
    ])
    return {
      namespace: fill('namespace', account.namespace),
      name: fill('name', account.name),
      source: object(account.source),
      ...(account.existing && { existing: object(account.existing) }),
      annotations: Object.fromEntries(annotations),
    }
  }
  return {
    old: filled,
    migration: {
      kept: migration.kept,
      pods: migration.pods.map((pod) => ({ ...pod, template: template(pod.template) })),
      removed: migration.removed.map(object),
      accounts: migration.accounts.map(accountOf),
    },
  }
}

/** Returns a function that gives the filled version of an object or a pod template: the one at the same place in the same file. */
function counterparts<T extends Pick<PodTemplate, 'manifest' | 'path'>>(
  filled: readonly T[],
): (one: T) => T {
  const keyOf = ({ manifest, path }: T) =>
    JSON.stringify([manifest.source, manifest.section.start, path])
  const found = new Map(filled.map((one) => [keyOf(one), one]))
  return (one) => found.get(keyOf(one)) ?? one
}

/** Fills texts of a plan in as if they stood in the file of this object. */
const filler =
  (from: Placeholders, to: Placeholders, { manifest }: Pick<NamedObject, 'manifest'>) =>
  (key: string, value: string): string => {
    const written = from.restoreValue(value)
    const use = { position: () => manifest.positionAt(0), counts: false, isComment: false }
    return to.fill(written, use, (span) => shapeIn(written, { key, ...span }))?.text ?? written
  }
