import { printLines } from '../../lib/print-lines.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { readServing, servingAssumption } from '../input/read-serving.ts'
import { checkManifests, concernsDriver } from './check-manifests.ts'
import { printText } from './output/text.ts'
import { readCheckInput } from './read-check-input.ts'
import { type CheckReport, makeReport, type Strictness } from './report.ts'

export interface CheckOptions extends Strictness {
  /** Files and folders. */
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector check`: reports on standard output what the webhook would do with each pod and each SecretProviderClass,
 * what Secret sync would do for each annotated ServiceAccount and Secret, and which commands to run first. Standard error
 * has what isn't a result: files that can't be read, and what was assumed or skipped.
 *
 * @throws InputError when a setting is invalid
 */
export function check(options: CheckOptions): ExitCode {
  const { files, namespace, quiet = false } = options
  const serving = readServing(process.env)
  const { contents, ...input } = readCheckInput(files, namespace)
  const checked = checkManifests(contents, serving)
  const report = makeReport({ ...input, ...checked }, options)
  if (serving.isAssumed && !quiet && contents.some(concernsDriver))
    printLines(process.stderr, [servingAssumption])
  const errors = report.errors.map(({ message }) => `akv-injector: ${message}`)
  printLines(process.stderr, errors)
  printLines(process.stderr, skippedLines(report))
  printText(report, process.stdout, { quiet })
  return report.exitCode
}

const maxSkipped = 10

function skippedLines({ skipped }: CheckReport): readonly string[] {
  const more = skipped.length - maxSkipped
  return [
    ...skipped.slice(0, maxSkipped).map(({ path, reason }) => `skipped ${path}: ${reason}`),
    ...(more > 0 ? [`skipped ${more} more`] : []),
  ]
}
