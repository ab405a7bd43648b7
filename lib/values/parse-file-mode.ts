import { invalid, type Parsed, valid } from '../problems/parsed.ts'

/** Reads a file mode of 3 or 4 octal digits; gives 4. */
export function parseFileMode(text: string): Parsed<string> {
  if (!/^0?[0-7]{3}$/.test(text))
    return invalid('expected 3 or 4 octal digits such as "0440", without setuid, setgid and sticky')
  const digits = text.slice(-3)
  // The agent owns the files, and reads them to compare them with what it fetched.
  return Number(digits[0]) & 4
    ? valid(`0${digits}`)
    : invalid('expected a mode that its owner, the agent, can read: "04…", "05…", "06…" or "07…"')
}
