import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { isCode } from './agent-said.ts'

interface TerminationMessage {
  readonly code: AkvErrorCode
  /** What happened, without the code and the remedy. */
  readonly why: string
}

/**
 * Reads the message with which an agent ended (init-agent/termination-message.ts): a line for each kind of error, with its code, what
 * happened, and the remedy. Only the first line counts. The remedy stays in if an agent of another version has other words for it.
 *
 * @returns undefined if the message isn't an agent's
 */
export function readTerminationMessage(message: string): TerminationMessage | undefined {
  const [line = ''] = message.split('\n', 1)
  const [, code, said = ''] = /^(AKV_[A-Z_]{1,60}): (.*)$/.exec(line) ?? []
  if (!isCode(code)) return undefined
  const { remedy } = errorTable[code]
  const happened = said.endsWith(` ${remedy}`) ? said.slice(0, -remedy.length - 1) : said
  return { code, why: happened.replace(/\.$/, '') }
}
