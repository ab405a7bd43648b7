/** The bytes that give JSON its structure (RFC 8259, sections 2 and 7). */

export const quoteByte = 0x22
export const commaByte = 0x2c
export const colon = 0x3a
export const backslash = 0x5c
export const openBracket = 0x5b
export const closeBracket = 0x5d
export const openBrace = 0x7b
export const closeBrace = 0x7d
