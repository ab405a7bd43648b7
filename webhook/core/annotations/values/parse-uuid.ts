import { isUuid } from '../../../../init-agent/contract.ts'
import { invalid, type Parsed, valid } from '../../../../lib/parsed.ts'

/** Reads a UUID in either case; gives it in lower case. */
export function parseUuid(text: string): Parsed<string> {
  return isUuid(text)
    ? valid(text.toLowerCase())
    : invalid('expected a UUID such as 00000000-0000-0000-0000-000000000000')
}
