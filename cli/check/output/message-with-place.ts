import { describeSource } from '../../input/text/file-error.ts'
import { isRendered } from '../../input/text/rendered-source.ts'
import type { LocatedFinding } from '../findings/report.ts'

/** The message for forms that show it beside the line of a file. A rendered text isn't in a file, so the message names the line. */
export function messageWithPlace({ title, at, message }: LocatedFinding): string {
  if (title === undefined) return `${describeSource(at.source)}: ${message}`
  return isRendered(at.source)
    ? `${title} (${describeSource(at.source)}:${at.line}): ${message}`
    : `${title}: ${message}`
}
