import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/** Whether a text is a UUID, in either case. */
export const isUuid = (text: string): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

/** Reads a UUID in either case; gives it in lower case. */
export function parseUuid(text: string): Parsed<string> {
  return isUuid(text)
    ? valid(text.toLowerCase())
    : invalid('expected a UUID such as 00000000-0000-0000-0000-000000000000')
}
