import { printableJson } from '../../../lib/json/printable-json.ts'
import { version as toolVersion } from '../../../lib/version.ts'
import { sayVerdict } from '../verdict/say-verdict.ts'
import { countMarks, type DoctorReport, exitCodeOf } from './report.ts'

/** The version of the JSON format. It changes only if a member is removed or changes its meaning. */
const version = 1

/** A report as one JSON document (docs/specification.md, "Examining a cluster"). */
export function reportJson(report: DoctorReport): string {
  const value = {
    version,
    tool: { name: 'akv-injector', version: toolVersion },
    subject: report.title,
    ...(report.verdict !== undefined && {
      verdict: { ...report.verdict, sentence: sayVerdict(report.verdict) },
    }),
    exitCode: exitCodeOf(report),
    sums: countMarks(report),
    checks: report.sections.flatMap(({ title, results }) =>
      results.map(({ mark, sentence, hint }) => ({
        section: title,
        mark,
        sentence,
        ...(hint !== undefined && { hint }),
      })),
    ),
    details: report.sections.flatMap(({ title, lines = [] }) =>
      lines.length === 0 ? [] : [{ section: title, lines }],
    ),
  }
  return `${printableJson(JSON.stringify(value, null, 2))}\n`
}
