import { describeSource } from '../../input/text/file-error.ts'
import { isRendered } from '../../input/text/rendered-source.ts'
import type { LocatedFinding } from '../findings/report.ts'

/**
 * The message for output formats that show it beside a line of a file. Rendered text isn't in a file, so its message
 * names the line itself.
 */
export function messageWithPosition({ title, at, message }: LocatedFinding): string {
  const source = describeSource(at.source)
  const position = isRendered(at.source) && at.line !== undefined ? `${source}:${at.line}` : source
  if (title === undefined) return `${position}: ${message}`
  return isRendered(at.source) ? `${title} (${position}): ${message}` : `${title}: ${message}`
}
