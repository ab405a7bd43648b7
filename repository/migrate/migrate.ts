import type { ExitCode } from '../../command/exit-code.ts'
import { readServing } from '../../command/review/read-serving.ts'
import { createPlaceholders } from '../input/placeholders/placeholders.ts'
import { changeFiles, type Mode } from './change-files.ts'
import { contentOf } from './content/content.ts'
import { readMigrateInput } from './content/read-input.ts'
import { rewriteDocuments } from './files/rewrite-documents.ts'
import { planMigration } from './plan/plan-migration.ts'
import { planOverlays } from './plan/plan-overlays.ts'
import { printStream } from './print-stream.ts'

interface MigrateOptions extends Partial<Mode> {
  /** Whether to print only how the files would change. */
  readonly dryRun?: boolean
  /** Files and folders. */
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector migrate`: turns volumes of the Secrets Store CSI Driver and ExternalSecrets into annotations. Prints
 * all documents to standard output. With `write`, it changes the files instead, and with `dryRun`, it prints how they
 * would change. Objects that annotations can't express stay as they are, with a line on standard error. Verifies that
 * the new manifests ask for the same files and Secrets as the old ones.
 *
 * @throws InputError when a setting is wrong, or a file of the documents to print can't be read
 */
export function migrate(options: MigrateOptions): ExitCode {
  const { files: paths, namespace, write = false, dryRun = false, force = false } = options
  const { policy } = readServing(process.env)
  // Defaults are ignored, because the files are written again, with the placeholders in them.
  const placeholders = createPlaceholders({ unfilled: 'standIn', ignoresDefaults: true })
  const isStream = !write && !dryRun
  const input = readMigrateInput(paths, {
    namespace,
    placeholders,
    entersKustomize: !isStream,
  })
  if (isStream && input.errors[0]) throw input.errors[0]
  const old = contentOf(input.files, { ...input, policy, placeholders })
  const migration = planMigration(old)
  const overlays = planOverlays(old, migration)
  const plan = {
    files: rewriteDocuments(input.files, migration, placeholders),
    old,
    migration,
    overlays,
    namespace,
  }
  return isStream
    ? printStream(plan)
    : changeFiles(plan, { ...input, mode: { write: write && !dryRun, force } })
}
