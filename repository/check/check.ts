import type { ExitCode } from '../../command/exit-code.ts'
import { comment, type ScriptLine } from '../../command/grants/script.ts'
import { readServing, servingAssumption } from '../../command/review/read-serving.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import type { NamedObject } from '../input/objects/find-objects.ts'
import {
  type GivenValues,
  readGivenValues,
  unusedLines,
} from '../input/placeholders/given-values.ts'
import { createPlaceholders, type Placeholders } from '../input/placeholders/placeholders.ts'
import { withVariables } from '../input/placeholders/shell-variables.ts'
import type { ChartOptions } from '../input/render/chart-options.ts'
import { errorLines } from '../input/text/file-error.ts'
import { checkManifests, concernsDriver } from './check-manifests.ts'
import { makeReport, type Strictness } from './findings/report.ts'
import { settlePlaceholders } from './findings/settle-placeholders.ts'
import { githubText } from './output/github.ts'
import { jsonText } from './output/json.ts'
import type { OutputForm } from './output/output-forms.ts'
import { sarifText } from './output/sarif.ts'
import { skippedLines } from './output/skipped-lines.ts'
import { printText } from './output/text.ts'
import { readCheckInput } from './read-check-input.ts'

interface CheckOptions extends Strictness, GivenValues, ChartOptions {
  /** Files and folders. */
  readonly files: readonly string[]
  readonly namespace: string
  readonly output: OutputForm
  readonly render?: boolean
}

/**
 * `akv-injector check`: reports on standard output what the webhook would do with each pod and each
 * SecretProviderClass, what Secret sync would do for each annotated ServiceAccount and Secret and for each
 * ExternalSecret, and which commands to run first. Everything that isn't a result goes to standard error: files that
 * can't be read, assumptions, and what was skipped.
 *
 * @throws InputError when a setting is invalid
 */
export async function check(options: CheckOptions): Promise<ExitCode> {
  const { files, output, quiet = false, ...given } = options
  const serving = readServing(process.env)
  const placeholders = createPlaceholders({ values: readGivenValues(given), unfilled: 'standIn' })
  const { contents, unread, findHidden, ...input } = await readCheckInput(files, {
    ...given,
    quiet,
    command: 'check',
    placeholders,
  })
  const checked = checkManifests({ contents, unread, findHidden }, serving)
  const accounts = contents.flatMap(({ objects }) => objects.filter(isAccount))
  const settled = settlePlaceholders(checked.verdicts, placeholders, accounts)
  const found = makeReport({ ...input, ...checked, ...settled }, options)
  const report = { ...found, tasks: withVariableComments(found.tasks, placeholders) }
  if (serving.isAssumed && !quiet && contents.some(concernsDriver))
    printLines(process.stderr, [servingAssumption])
  if (!quiet) printLines(process.stderr, unusedLines(given, placeholders))
  // On GitHub, annotations already show the errors.
  if (output !== 'github') printLines(process.stderr, errorLines(report.errors))
  printLines(process.stderr, skippedLines(report))
  if (output === 'text') printText(report, process.stdout, { quiet })
  else process.stdout.write(forms[output](report))
  return report.exitCode
}

const isAccount = ({ kind }: Pick<NamedObject, 'kind'>): boolean => kind === 'ServiceAccount'

function withVariableComments(
  tasks: readonly ScriptLine[],
  placeholders: Placeholders,
): readonly ScriptLine[] {
  const { lines, variables } = withVariables(tasks, placeholders)
  const comments = variables.map(({ name, meaning }) =>
    comment(`${name} is ${meaning} in the files.`),
  )
  return [...comments, ...lines]
}

const forms = { json: jsonText, github: githubText, sarif: sarifText }
