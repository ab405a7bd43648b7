import type { ExitCode } from '../../command/exit-code.ts'
import { readServing } from '../../command/review/read-serving.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import {
  type GivenValues,
  readGivenValues,
  unusedLines,
} from '../input/placeholders/given-values.ts'
import { createPlaceholders } from '../input/placeholders/placeholders.ts'
import { type ChartOptions, readChartOptions } from '../input/render/chart-options.ts'
import { isExternalSecretsKind } from '../input/sources/external-secrets-kind.ts'
import { isClass } from '../input/sources/referred-to.ts'
import { isSecretSync } from '../input/sources/secret-sync.ts'
import { changeFiles, type Mode } from './change-files.ts'
import { contentOf } from './content/content.ts'
import { readMigrateInput, readRenderedInput } from './content/read-input.ts'
import { rewriteDocuments } from './files/rewrite-documents.ts'
import { planMigration } from './plan/plan-migration.ts'
import { planOverlays } from './plan/plan-overlays.ts'
import { printStream } from './print-stream.ts'
import { fillMigration } from './verify/fill-migration.ts'
import type { PlannedFiles } from './verify/verify-files.ts'

interface MigrateOptions extends Partial<Mode>, GivenValues, ChartOptions {
  /** Whether to print only how the files would change. */
  readonly dryRun?: boolean
  /** Files and folders. */
  readonly files: readonly string[]
  readonly namespace: string
  /** Whether the exit code is 1 if an object stays as it is or isn't read, and if there is nothing to migrate. */
  readonly strict?: boolean
  /** Whether to print charts and Kustomize folders as they are rendered. */
  readonly render?: boolean
}

/**
 * `akv-injector migrate`: turns volumes of the Secrets Store CSI Driver and ExternalSecrets into annotations. Prints the
 * documents of named files, of rendered folders, and of changed files in folders, to standard output. With `write`, it changes the files
 * instead, and with `dryRun`, it prints how they would change. Objects that annotations can't express stay as they are,
 * with a line on standard error. Verifies that the new manifests ask for the same files and Secrets as the old ones.
 *
 * @returns 1 if a result isn't the same as before, if Git refuses, or because of `strict`; 2 if a file can't be read
 * @throws InputError when a setting is wrong, or a named file of the documents to print can't be read
 */
export async function migrate(options: MigrateOptions): Promise<ExitCode> {
  const { files: paths, namespace, write = false, dryRun = false, force = false } = options
  const { policy } = readServing(process.env)
  const values = readGivenValues(options)
  // Defaults are ignored, because the files are written again, with the placeholders in them.
  const placeholders = createPlaceholders({ unfilled: 'standIn', ignoresDefaults: true })
  const isStream = !write && !dryRun
  const reading = { namespace, placeholders }
  const input =
    options.render === true
      ? await readRenderedInput(paths, { ...reading, ...readChartOptions(options, true) })
      : readMigrateInput(paths, { ...reading, entersKustomize: !isStream })
  if (isStream && input.fatal[0]) throw input.fatal[0]
  const old = contentOf(input.files, { ...input, policy, placeholders })
  const migration = planMigration(old)
  const overlays = planOverlays(old, migration)
  const withValues = createPlaceholders({ values, unfilled: 'standIn' })
  const plan = {
    files: rewriteDocuments(input.files, migration, placeholders),
    old,
    migration,
    overlays,
    namespace,
    ...(values.size > 0 && {
      filled: fillMigration(
        { old, migration },
        { files: input.files, placeholders: withValues, namespace },
      ),
    }),
  }
  printLines(process.stderr, unusedLines(options, withValues))
  const exitCode = isStream
    ? printStream(plan, input)
    : changeFiles(plan, { ...input, mode: { write: write && !dryRun, force } })
  if (options.strict !== true || exitCode !== 0) return exitCode
  return input.unchecked.length > 0 ? 1 : strictExitCode(plan)
}

function strictExitCode({ old, migration }: Pick<PlannedFiles, 'old' | 'migration'>): ExitCode {
  const { templates, objects } = old
  if (
    templates.length > 0 ||
    objects.some(
      (object) => isClass(object) || isExternalSecretsKind(object) || isSecretSync(object),
    )
  )
    return migration.kept.length > 0 ? 1 : 0
  printLines(process.stderr, [nothingToMigrate])
  return 1
}

const nothingToMigrate =
  'warning: nothing to migrate: these files have no pods, pod templates, SecretProviderClasses or ExternalSecrets'
