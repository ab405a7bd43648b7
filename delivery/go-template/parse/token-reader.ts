import { type Mark, type TemplateToken, unsupportedCharacter } from './lex.ts'

export type TokenReader = ReturnType<typeof tokenReader>

/** Reads the tokens of a template one after another. */
export function tokenReader(tokens: readonly TemplateToken[]) {
  let next = 0
  return {
    peek: (): TemplateToken | undefined => tokens[next],
    take: (): TemplateToken | undefined => tokens[next++],
    isAt: (...marks: readonly Mark[]): boolean => {
      const token = tokens[next]
      // A function before it that isn't supported has been reported by now: in `nindent 4`, that matters more than the 4.
      if (token?.kind === 'other') throw unsupportedCharacter(token.character)
      return token?.kind === 'mark' && marks.includes(token.mark)
    },
    skipBlank(): void {
      if (this.isAt('blank')) next++
    },
  }
}
