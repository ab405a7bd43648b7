import { Lexer } from 'yaml'

/**
 * Finds the first sign that a text is a template that has to be rendered first: `{{` outside of quotes, block scalars
 * and comments.
 *
 * @param kind - `any`: a template of any engine. `helm`: only functions and values that Helm alone has, because some
 * objects, such as Argo Workflows, contain `{{` that isn't for Helm.
 * @returns the offset, in UTF-16 units
 */
export function findTemplate(text: string, kind: 'any' | 'helm'): number | undefined {
  if (!text.includes('{{')) return undefined
  let offset = 0
  let state: 'other' | 'brace' | 'header' | 'plain' | 'block' = 'other'
  for (const token of new Lexer().lex(text)) {
    if (marks.includes(token)) {
      if (token === startOfScalar) state = state === 'header' ? 'block' : 'plain'
      continue
    }
    for (const at of bracesIn(token, state))
      if (kind === 'any' || isHelm(text, offset + at)) return offset + at
    offset += token.length
    state = nextState(token, state)
  }
  return undefined
}

/** The offsets of `{{` in a token. A flow mapping in a flow mapping isn't found, because it is two tokens. */
function bracesIn(token: string, state: string): readonly number[] {
  if (state === 'brace' && token === '{') return [-1]
  return state === 'plain' ? [...token.matchAll(/\{\{/g)].map(({ index }) => index) : []
}

/** Functions and values that Helm's templates have, and plain Go templates don't. */
const helm =
  /^\{\{-?\s*(?:(?:include|toYaml|tpl)\b|[^}]*\.(?:Values|Release|Chart|Capabilities|Files|Template)\b)/

const isHelm = (text: string, offset: number): boolean =>
  helm.test(text.slice(offset, offset + maxActionLength))

/** Limits the work for each `{{`. */
const maxActionLength = 300

/** The library's mark before a plain scalar, or before the text of a block scalar. */
const startOfScalar = '\u001f'
/**
 * Tokens of the library that aren't part of the text: the start of a document, and the end of a broken flow collection.
 */
const marks = [startOfScalar, '\u0002', '\u0018']

function nextState(token: string, state: string): 'other' | 'brace' | 'header' {
  if (state === 'plain' || state === 'block') return 'other'
  if (token === '{') return 'brace'
  if (/^[|>]/.test(token)) return 'header'
  return state === 'header' && /^(?:[ \t\r\n]*|#.*)$/.test(token) ? 'header' : 'other'
}
