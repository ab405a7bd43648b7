import { Lexer } from 'yaml'
import { InputError } from './input-error.ts'

/**
 * Refuses a file that a template engine such as Helm's would have to render first: one with `{{` outside of quotes, block
 * texts and comments.
 *
 * @throws InputError naming the line
 */
export function refuseTemplates(text: string, source: string): void {
  let line = 1
  let state: 'other' | 'brace' | 'header' | 'plain' | 'block' = 'other'
  for (const token of new Lexer().lex(text)) {
    if (token === startOfScalar) {
      state = state === 'header' ? 'block' : 'plain'
      continue
    }
    const braces =
      state === 'plain' ? token.indexOf('{{') : token === '{' && state === 'brace' ? 0 : -1
    if (braces >= 0) {
      const at = line + newlines(token.slice(0, braces))
      throw new InputError(`${source}: line ${at} is a template; render it first`)
    }
    line += newlines(token)
    state = nextState(token, state)
  }
}

/** The library's mark before a plain scalar, or before the text of a block scalar. */
const startOfScalar = '\u001f'

function nextState(token: string, state: string): 'other' | 'brace' | 'header' {
  if (state === 'plain' || state === 'block') return 'other'
  if (token === '{') return 'brace'
  if (/^[|>]/.test(token)) return 'header'
  return state === 'header' && /^(?:[ \t\r\n]*|#.*)$/.test(token) ? 'header' : 'other'
}

const newlines = (text: string): number => text.split('\n').length - 1
