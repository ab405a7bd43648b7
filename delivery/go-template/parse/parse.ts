import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { TemplateError, type TemplateNode } from '../model/template.ts'
import { lexTemplate, type TemplateToken } from './lex.ts'
import { checkDepth, readPipeline } from './parse-expression.ts'
import { type TokenReader, tokenReader } from './token-reader.ts'

const maxTemplateCharacters = 64 * 1024

/** Each becomes an object, and fifty rounds may render a template at the same time. */
const maxTemplateParts = 20_000

export type Template = readonly TemplateNode[]

/**
 * Parses a template of an ExternalSecret.
 *
 * @param text - a value of `spec.target.template.data`
 * @returns the problem says what isn't part of the language. It doesn't name the template
 */
export function parseGoTemplate(text: string): Parsed<Template> {
  if (text.length > maxTemplateCharacters)
    return invalid(`found ${text.length} characters; accepted: at most ${maxTemplateCharacters}`)
  try {
    const tokens = tokenReader(boundedTokens(text))
    const { nodes, end } = readNodes(tokens, 0)
    if (end !== 'template') throw new TemplateError(`{{ ${end} }} has no {{ if }} before it`)
    return valid(nodes)
  } catch (error) {
    if (error instanceof TemplateError) return invalid(error.message)
    throw error
  }
}

function boundedTokens(text: string): readonly TemplateToken[] {
  const tokens: TemplateToken[] = []
  for (const token of lexTemplate(text)) {
    if (tokens.length === maxTemplateParts)
      throw new TemplateError(
        `it has more than ${maxTemplateParts} parts; braces, names, strings, blanks, parentheses, pipes and the texts between actions count`,
      )
    tokens.push(token)
  }
  return tokens
}

/** What ended a list of nodes. */
type ListEnd = 'template' | 'else' | 'end'

/** Reads nodes up to the end of the template, or up to an `else` or `end`, whose word it has read then. */
function readNodes(
  tokens: TokenReader,
  depth: number,
): { readonly nodes: readonly TemplateNode[]; readonly end: ListEnd } {
  const nodes: TemplateNode[] = []
  for (;;) {
    const token = tokens.take()
    if (token === undefined) return { nodes, end: 'template' }
    if (token.kind === 'text') {
      nodes.push(token)
      continue
    }
    // Outside of actions there is only text, so this token opens an action.
    tokens.skipBlank()
    const first = tokens.peek()
    const keyword = first?.kind === 'word' ? first.name : undefined
    if (keyword === 'else' || keyword === 'end') {
      tokens.take()
      return { nodes, end: keyword }
    }
    if (keyword === 'if') {
      tokens.take()
      nodes.push(readIf(tokens, depth + 1))
      continue
    }
    nodes.push({ kind: 'print', value: readPipeline(tokens, { depth, end: 'close' }) })
  }
}

function readIf(tokens: TokenReader, depth: number): TemplateNode {
  checkDepth(depth)
  const condition = readPipeline(tokens, { depth, end: 'close' })
  const { nodes: whenTrue, end } = readNodes(tokens, depth)
  const whenFalse = end === 'else' ? readElse(tokens, depth) : []
  if (end === 'template') throw new TemplateError('{{ if }} has no {{ end }}')
  if (end === 'end') readClose(tokens, 'end')
  return { kind: 'if', condition, whenTrue, whenFalse }
}

/** Reads what follows the word `else`, including the `end` of the whole condition. */
function readElse(tokens: TokenReader, depth: number): readonly TemplateNode[] {
  tokens.skipBlank()
  const next = tokens.peek()
  if (next?.kind === 'word' && next.name === 'if') {
    tokens.take()
    return [readIf(tokens, depth + 1)]
  }
  readClose(tokens, 'else')
  const { nodes, end } = readNodes(tokens, depth)
  if (end !== 'end') throw new TemplateError('{{ else }} has no {{ end }}')
  readClose(tokens, 'end')
  return nodes
}

function readClose(tokens: TokenReader, after: string): void {
  tokens.skipBlank()
  if (!tokens.isAt('close'))
    throw new TemplateError(`{{ ${after} … }} is not supported; write {{ ${after} }}`)
  tokens.take()
}
