import { Lexer } from 'yaml'

/**
 * Finds where a text would have to be rendered first: `{{` outside of quotes, block texts and comments.
 *
 * @param kind - `any`: any template engine's. `helm`: only what nothing but Helm knows, because other kinds of objects contain
 *   `{{` that isn't for Helm, such as Argo Workflows.
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

/** Where templates begin, relative to the token. A flow mapping in a flow mapping is two tokens. */
function bracesIn(token: string, state: string): readonly number[] {
  if (state === 'brace' && token === '{') return [-1]
  return state === 'plain' ? [...token.matchAll(/\{\{/g)].map(({ index }) => index) : []
}

/** Functions and values of Helm's templates that Go's templates don't have. */
const helm =
  /^\{\{-?\s*(?:(?:include|toYaml|tpl)\b|[^}]*\.(?:Values|Release|Chart|Capabilities|Files|Template)\b)/

const isHelm = (text: string, offset: number): boolean =>
  helm.test(text.slice(offset, offset + maxActionLength))

/** Bounds the work for each `{{`. */
const maxActionLength = 300

/** The library's mark before a plain scalar, or before the text of a block scalar. */
const startOfScalar = '\u001f'
/** The library's tokens that aren't part of the text: the start of a document, the end of a broken flow collection. */
const marks = [startOfScalar, '\u0002', '\u0018']

function nextState(token: string, state: string): 'other' | 'brace' | 'header' {
  if (state === 'plain' || state === 'block') return 'other'
  if (token === '{') return 'brace'
  if (/^[|>]/.test(token)) return 'header'
  return state === 'header' && /^(?:[ \t\r\n]*|#.*)$/.test(token) ? 'header' : 'other'
}
