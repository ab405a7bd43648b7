/** Values of a word, as annotations and the operator's settings have them. */

import { isUuid } from '../../../init-agent/contract.ts'
import type { Parsed } from '../../../lib/parsed.ts'

export function parseUuid(text: string): Parsed<string> {
  return isUuid(text)
    ? { value: text.toLowerCase() }
    : { problem: 'expected a UUID such as 00000000-0000-0000-0000-000000000000' }
}

export function parseBoolean(text: string): Parsed<boolean> {
  const lower = text.toLowerCase()
  return lower === 'true' || lower === 'false'
    ? { value: lower === 'true' }
    : { problem: 'expected "true" or "false"' }
}

/** One of these words, in this spelling, as Kubernetes' own are. */
export function choiceOf<T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const choice = choices.find((one) => one === text)
    return choice === undefined
      ? { problem: `expected one of ${choices.join(', ')}` }
      : { value: choice }
  }
}
