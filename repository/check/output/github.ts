import { printable } from '../../../lib/printable.ts'
import { isRendered } from '../../input/text/rendered-source.ts'
import { type CheckReport, locatedFindings } from '../findings/report.ts'
import { messageWithPosition } from './message-with-position.ts'
import { relativePath } from './relative-path.ts'
import { sumsLine } from './text.ts'

/**
 * Writes a report as workflow commands of GitHub Actions, which shows problems and warnings beside the lines of a pull
 * request (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
 */
export function githubText(report: CheckReport): string {
  const commands = locatedFindings(report).flatMap((finding) => {
    const { severity, code, at } = finding
    if (severity === 'note') return []
    const file = relativePath(at.source)
    const properties = {
      title: code,
      ...(file !== undefined && { file }),
      ...(file !== undefined &&
        at.line !== undefined &&
        !isRendered(at.source) && { line: at.line, col: at.column }),
    }
    const text = messageWithPosition(finding)
    const command = severity === 'problem' ? 'error' : 'warning'
    const list = Object.entries(properties).map(
      ([key, value]) => `${key}=${inProperty(`${value}`)}`,
    )
    return [`::${command} ${list.join(',')}::${inMessage(text)}`]
  })
  return [...commands, sumsLine(report.sums)].map((line) => `${line}\n`).join('')
}

/**
 * Escapes the characters that the runner unescapes. Line ends and control characters have been made printable before.
 */
const inMessage = (text: string): string =>
  printable(text, Number.POSITIVE_INFINITY).replaceAll('%', '%25')

const inProperty = (text: string): string =>
  inMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
