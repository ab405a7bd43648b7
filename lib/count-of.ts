/** A number with its noun, for a sentence: `1 file`, `2 files`. */
export const countOf = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`
