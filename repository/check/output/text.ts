import { styleText } from 'node:util'
import { printScript } from '../../../command/grants/print-script.ts'
import { countOf } from '../../../lib/count-of.ts'
import { printable } from '../../../lib/printable.ts'
import { titleOf } from '../../input/objects/title-of.ts'
import { describeSource } from '../../input/text/file-error.ts'
import type { Finding } from '../findings/finding.ts'
import type { CheckReport, CheckSums } from '../findings/report.ts'
import type { Verdict } from '../findings/verdict.ts'

type Style = (format: Parameters<typeof styleText>[0], text: string) => string

/**
 * Prints a report for people, with colours on a terminal.
 *
 * @param stream - colours depend on the stream, NO_COLOR and FORCE_COLOR
 * @param options - `quiet`: without the sums
 */
export function printText(
  report: CheckReport,
  stream: NodeJS.WritableStream,
  { quiet = false }: { readonly quiet?: boolean | undefined },
): void {
  // Only this function writes control characters, so all text is made printable.
  const style: Style = (format, text) => styleText(format, plain(text), { stream })
  const { verdicts, placeholders, tasks, sums, nothing } = report
  const print = (lines: readonly string[]) =>
    stream.write(lines.map((line) => `${line}\n`).join(''))
  if (nothing) print([style('yellow', `warning: ${nothing.message}`)])
  // Printed in parts, because the whole text as one string would take several times its size in memory.
  for (let first = 0; first < verdicts.length; first += 100)
    print(verdicts.slice(first, first + 100).flatMap((verdict) => verdictLines(verdict, style)))
  print([
    ...placeholderLines(placeholders, style),
    ...taskLines(tasks),
    ...(quiet ? [] : [style('bold', sumsLine(sums))]),
  ])
}

const plain = (text: string): string => printable(text, Number.POSITIVE_INFINITY)

function verdictLines(verdict: Verdict, style: Style): readonly string[] {
  const { subject, sentence, details, findings } = verdict
  const title = `${titleOf(subject)} (${describeSource(subject.manifest.source)}): ${sentence}`
  const isWrong = findings.some(({ severity }) => severity === 'problem')
  return [
    isWrong ? style(['bold', 'red'], title) : style('bold', title),
    ...details.map((line) => plain(`  ${line}`)),
    ...findings
      .filter(({ severity }) => severity !== 'note')
      .map((finding) => findingLine(finding, style)),
  ]
}

function findingLine({ severity, message, position }: Finding, style: Style): string {
  const line = position === undefined ? '' : `line ${position.line}: `
  return severity === 'problem'
    ? style('red', `  ${line}${message}`)
    : style('yellow', `  warning: ${line}${message}`)
}

/** The warnings about placeholders, below a heading. */
const placeholderLines = (placeholders: readonly Finding[], style: Style): readonly string[] =>
  placeholders.length === 0
    ? []
    : [
        'placeholders without a value; pass --set NAME=VALUE or --from-env-file FILE:',
        ...placeholders.map(({ message, position }) => {
          const where =
            position === undefined ? '' : `${describeSource(position.source)}:${position.line}: `
          return style('yellow', `  warning: ${where}${message}`)
        }),
      ]

/** The commands to run first, below a heading. */
const taskLines = (tasks: CheckReport['tasks']): readonly string[] =>
  tasks.length === 0
    ? []
    : [
        'to do before you apply these manifests, unless already done:',
        ...printScript(tasks).map((line) => `  ${plain(line)}`),
      ]

/** The last line: `2 files, 3 pods checked, 1 problem, 0 warnings, 4 objects not looked at`. */
export function sumsLine({ files, pods, problems, warnings, notLookedAt }: CheckSums): string {
  return [
    countOf(files, 'file'),
    `${countOf(pods, 'pod')} checked`,
    countOf(problems, 'problem'),
    countOf(warnings, 'warning'),
    `${countOf(notLookedAt, 'object')} not looked at`,
  ].join(', ')
}
