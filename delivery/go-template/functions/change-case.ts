import { fromText, mapRunes } from '../model/byte-string.ts'

/**
 * Changes the case of each character alone, as Go does. JavaScript may turn one character into several (`ß` into `SS`), and
 * Go never does.
 */
export function changeCase(byteString: string, to: 'upper' | 'lower'): string {
  const changed = mapRunes(byteString, ({ code = 0xfffd }) =>
    String.fromCodePoint(to === 'upper' ? upperOf(code) : lowerOf(code)),
  )
  return fromText(changed)
}

function upperOf(code: number): number {
  const single = singleCode(String.fromCodePoint(code).toUpperCase())
  return single ?? titleCase(code) ?? code
}

/** Greek letters with an iota below: the simple upper case is the title case, some positions later. */
const iotaRanges = [
  [0x1f80, 0x1f87, 8],
  [0x1f90, 0x1f97, 8],
  [0x1fa0, 0x1fa7, 8],
  [0x1fb3, 0x1fb3, 9],
  [0x1fc3, 0x1fc3, 9],
  [0x1ff3, 0x1ff3, 9],
] as const

function titleCase(code: number): number | undefined {
  const range = iotaRanges.find(([first, last]) => code >= first && code <= last)
  return range && code + range[2]
}

function lowerOf(code: number): number {
  const lower = String.fromCodePoint(code).toLowerCase()
  // Only İ becomes two characters, an i and a dot. Go leaves the dot out.
  return singleCode(lower) ?? lower.codePointAt(0) ?? code
}

/** The code of a text's only character. */
function singleCode(text: string): number | undefined {
  const code = text.codePointAt(0)
  return code !== undefined && String.fromCodePoint(code) === text ? code : undefined
}
