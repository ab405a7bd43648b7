/**
 * Makes a line of serialised JSON safe to show on a terminal. Characters that {@link printable} would escape, but that
 * JSON allows, become JSON escapes, so the line still parses to the same value.
 *
 * @param json - one or more lines, as `JSON.stringify` or pino write them: both escape U+0000–U+001F and lone surrogates
 */
export const printableJson = (json: string): string => json.replace(unprintable, escapeUnits)

const unprintable = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu

/** JSON escapes UTF-16 code units, so a character beyond U+FFFF takes two escapes. */
const escapeUnits = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
