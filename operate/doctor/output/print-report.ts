import { styleText } from 'node:util'
import { countOf } from '../../../lib/count-of.ts'
import { printable } from '../../../lib/printable.ts'
import type { CheckMark, CheckResult, DoctorSection } from '../model/check-result.ts'
import { sayVerdict } from '../verdict/say-verdict.ts'
import { countMarks, type DoctorReport } from './report.ts'

type Format = Parameters<typeof styleText>[0]

const signs: Readonly<Record<CheckMark, string>> = {
  ok: '√',
  warning: '‼',
  failure: '×',
  unknown: '?',
}
const colours: Readonly<Record<CheckMark, Format>> = {
  ok: 'green',
  warning: 'yellow',
  failure: 'red',
  unknown: 'cyan',
}

/** Messages of the API server may be long. */
const maxLength = 2000

/**
 * Prints a report for people.
 *
 * @param stream - colours depend on the stream, NO_COLOR and FORCE_COLOR
 */
export function printReport(report: DoctorReport, stream: NodeJS.WritableStream): void {
  // Only this function writes control characters, so all text is made printable.
  const style = (format: Format, text: string) =>
    styleText(format, printable(text, maxLength), { stream })
  const lines = [
    ...(report.verdict === undefined ? [] : [style('bold', sayVerdict(report.verdict)), '']),
    style('bold', report.title),
    ...report.sections.flatMap((section) => ['', ...sectionLines(section, style)]),
    '',
    style('bold', sumsLine(report)),
  ]
  stream.write(lines.map((line) => `${line}\n`).join(''))
}

function sectionLines(
  { title, lines = [], results }: DoctorSection,
  style: (format: Format, text: string) => string,
): readonly string[] {
  const lineOf = ({ mark, sentence, hint }: CheckResult) => [
    `${style(colours[mark], signs[mark])} ${printable(sentence, maxLength)}`,
    ...(hint === undefined ? [] : [`    ${printable(hint, maxLength)}`]),
  ]
  return [
    style('bold', title),
    ...lines.map((line) => printable(line, maxLength)),
    ...results.flatMap(lineOf),
  ]
}

function sumsLine(report: DoctorReport): string {
  const { ok, warning, failure, unknown } = countMarks(report)
  return [
    countOf(failure, 'failure'),
    countOf(warning, 'warning'),
    ...(unknown > 0 ? [`${unknown} not checked`] : []),
    `${ok} ok`,
  ].join(', ')
}
