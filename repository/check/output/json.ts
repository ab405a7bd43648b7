import { printScript } from '../../../command/grants/print-script.ts'
import { printableJson } from '../../../lib/json/printable-json.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { positionOf } from '../../input/document/position-of.ts'
import { titleOf } from '../../input/objects/title-of.ts'
import type { FilePosition } from '../../input/text/file-error.ts'
import { isRendered, sourceFile } from '../../input/text/rendered-source.ts'
import { type CheckReport, locatedFindings } from '../findings/report.ts'

/** The version of the JSON format. It changes only if a member is removed or changes its meaning. */
const version = 1

/** Writes a report as JSON, as `check-report.schema.json` describes. */
export function jsonText(report: CheckReport): string {
  const { verdicts, skipped, sums, tasks, exitCode } = report
  const value = {
    version,
    tool: { name: packageJson.name, version: packageJson.version },
    exitCode,
    sums,
    objects: verdicts.map(({ subject, outcome, sentence, details }) => ({
      object: titleOf(subject),
      namespace: subject.namespace,
      ...fileAndPosition(positionOf(subject.manifest, subject.path)),
      outcome,
      sentence,
      details,
    })),
    findings: locatedFindings(report).map(({ severity, code, message, title, namespace, at }) => ({
      severity,
      code,
      message,
      ...(title !== undefined && { object: title }),
      ...(namespace !== undefined && { namespace }),
      ...fileAndPosition(at),
    })),
    skipped: skipped.map(({ path, reason }) => ({ path, reason })),
    commands: printScript(tasks),
  }
  return `${printableJson(JSON.stringify(value, null, 2))}\n`
}

const fileAndPosition = ({
  source,
  line,
  column,
}: Pick<FilePosition, 'source'> & Partial<FilePosition>) => ({
  file: sourceFile(source),
  ...(isRendered(source) && { rendered: true }),
  ...(line !== undefined && { line, column }),
})
