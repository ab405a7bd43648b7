import { printLines } from '../../lib/terminal/print-lines.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { printDocuments } from '../inject/print-documents.ts'
import type { Manifest } from '../input/document/manifest.ts'
import { viewsByFolder } from '../input/environments/folder-views.ts'
import { findNamedObjects, findPodTemplates } from '../input/find-objects.ts'
import { parseManifests, type Reading, readManifestFiles } from '../input/read-manifests.ts'
import { settingsFrom } from '../input/review-template.ts'
import { joinFiles } from '../rewrite/rewrite-file.ts'
import { findDifferences } from './find-differences.ts'
import { type Migration, planMigration } from './plan-migration.ts'
import { rewriteDocuments } from './rewrite-documents.ts'

const reading: Reading = { command: 'migrate' }

interface MigrateOptions {
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector migrate`: prints all documents to standard output, with volumes of the Secrets Store CSI Driver and
 * ExternalSecrets turned into annotations. What annotations can't express stays as it is, with a line on standard error. Verifies that the new
 * manifests ask for the same files and Secrets as the old ones; if not, it prints no document.
 *
 * @throws InputError when a file or a setting is wrong, or a file is a template
 */
export function migrate({ files, namespace }: MigrateOptions): ExitCode {
  const { policy } = settingsFrom(process.env)
  const read = readManifestFiles(files, reading)
  const old = contentOf(
    read.flatMap(({ manifests }) => manifests),
    { namespace, policy },
  )
  const migration = planMigration(old)
  const texts = rewriteDocuments(read, migration)
  if (hasChanges(migration)) {
    const rewritten = contentOf(
      texts.flatMap((text, i) => parseManifests(text, files[i] ?? '-', reading)),
      { namespace, policy },
    )
    const differences = findDifferences(old, rewritten, migration)
    if (differences.length > 0) {
      printLines(process.stderr, [
        'the result would not ask for the same files and Secrets, so it is not printed; please report this',
        ...differences.map((title) => `  ${title}`),
      ])
      return 1
    }
  }
  printLines(process.stderr, migration.notes)
  printDocuments(process.stdout, joinFiles(texts.filter((text) => text !== '')))
  return 0
}

function contentOf(
  manifests: readonly Manifest[],
  { namespace, policy }: { readonly namespace: string; readonly policy: Policy },
) {
  const objects = manifests.flatMap((manifest) => findNamedObjects(manifest, namespace))
  return {
    policy,
    templates: manifests.flatMap((manifest) => findPodTemplates(manifest, namespace)),
    objects,
    viewOf: viewsByFolder(objects),
  }
}

const hasChanges = ({ pods, removed, accounts }: Migration): boolean =>
  pods.length + removed.length + accounts.length > 0
