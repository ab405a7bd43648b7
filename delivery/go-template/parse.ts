import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { lexTemplate, type Mark, type TemplateToken, unsupportedCharacter } from './lex.ts'
import { checkFormat } from './printf.ts'
import {
  type Expression,
  type FunctionCall,
  type FunctionName,
  functionArguments,
  maxDepth,
  TemplateError,
  type TemplateNode,
} from './template.ts'

export const maxTemplateCharacters = 64 * 1024

/** Each becomes an object, and fifty rounds may render a template at the same time. */
export const maxTemplateParts = 20_000

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

type TokenReader = ReturnType<typeof tokenReader>

function tokenReader(tokens: readonly TemplateToken[]) {
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

/** Reads commands joined by pipes. The result of each is the last argument of the next. */
function readPipeline(
  tokens: TokenReader,
  { depth, end }: { readonly depth: number; readonly end: 'close' | ')' },
): Expression {
  checkDepth(depth)
  let value = readCommand(tokens, { depth, piped: undefined })
  for (let pipes = 1; tokens.isAt('|'); pipes++) {
    checkSteps(pipes, 'pipes')
    tokens.take()
    value = readCommand(tokens, { depth, piped: value })
  }
  if (!tokens.isAt(end)) throw new TemplateError('the parentheses do not match')
  tokens.take()
  return value
}

/** Reads a function with its arguments, or a single value. */
function readCommand(
  tokens: TokenReader,
  { depth, piped }: { readonly depth: number; readonly piped: Expression | undefined },
): Expression {
  tokens.skipBlank()
  const first = tokens.peek()
  if (first?.kind === 'word') {
    tokens.take()
    return readCall(first.name, { tokens, depth, piped })
  }
  const value = readOperand(tokens, depth)
  if (piped !== undefined) throw new TemplateError('only functions may follow a pipe')
  tokens.skipBlank()
  if (!tokens.isAt('|', ')', 'close'))
    throw new TemplateError('only a function takes arguments; put the function first')
  return value
}

function readCall(
  word: string,
  options: {
    readonly tokens: TokenReader
    readonly depth: number
    readonly piped: Expression | undefined
  },
): Expression {
  const { tokens, depth, piped } = options
  const name = functionNamed(word)
  const args: Expression[] = []
  for (;;) {
    const isSeparated = tokens.isAt('blank')
    tokens.skipBlank()
    if (tokens.isAt('|', ')', 'close')) break
    if (!isSeparated) throw new TemplateError('a blank is missing between two arguments')
    args.push(readArgument(tokens, depth))
  }
  return checkedCall({ kind: 'call', name, args, ...(piped && { piped }) })
}

/** A function as an argument gets no arguments of its own, as in Go. */
function readArgument(tokens: TokenReader, depth: number): Expression {
  const token = tokens.peek()
  if (token?.kind !== 'word') return readOperand(tokens, depth)
  tokens.take()
  return checkedCall({ kind: 'call', name: functionNamed(token.name), args: [] })
}

/** Reads a value, with the fields after it. */
function readOperand(tokens: TokenReader, depth: number): Expression {
  let value = readTerm(tokens, depth)
  let next = tokens.peek()
  for (let fields = 1; next?.kind === 'field'; next = tokens.peek(), fields++) {
    checkSteps(fields, 'fields')
    if (value.kind === 'literal' || value.kind === 'data')
      throw new TemplateError(`.${printable(next.name)} follows a value that has no fields`)
    tokens.take()
    value = { kind: 'field', of: value, name: next.name }
  }
  return value
}

function readTerm(tokens: TokenReader, depth: number): Expression {
  const token = tokens.take()
  if (token?.kind === 'field') return { kind: 'field', of: { kind: 'data' }, name: token.name }
  if (token?.kind === 'string') return { kind: 'literal', text: token.text }
  if (token?.kind === 'mark' && token.mark === 'dot') return { kind: 'data' }
  if (token?.kind === 'mark' && token.mark === '(')
    return readPipeline(tokens, { depth: depth + 1, end: ')' })
  throw new TemplateError('an action, a pipe or a parenthesis has no value')
}

function functionNamed(word: string): FunctionName {
  if (Object.hasOwn(functionArguments, word)) return word as FunctionName
  throw new TemplateError(
    `{{ ${printable(word)} }} is not supported; accepted: if, else, end, and the functions ${Object.keys(functionArguments).join(', ')}`,
  )
}

function checkedCall(call: FunctionCall): Expression {
  const { name, args, piped } = call
  const [least, most] = functionArguments[name]
  const all = [...args, ...(piped ? [piped] : [])]
  if (all.length < least || all.length > most) {
    const accepted = least === most ? `${least}` : `at least ${least}`
    throw new TemplateError(`${name} has ${all.length} arguments; it takes ${accepted}`)
  }
  const [first, ...others] = all
  if (name === 'printf' && first?.kind === 'literal') checkFormat(first.text)
  return name === 'index' && first !== undefined ? (fieldsOf(first, others) ?? call) : call
}

/** `index` with the names of keys is the same as fields. */
function fieldsOf(value: Expression, keys: readonly Expression[]): Expression | undefined {
  checkSteps(keys.length, 'keys')
  const names = keys.flatMap((key) => (key.kind === 'literal' ? [key.text] : []))
  return names.length === keys.length
    ? names.reduce((of, name) => ({ kind: 'field', of, name }), value)
    : undefined
}

/** Each step is one level of the expression, and running it needs a part of the stack. */
function checkSteps(count: number, what: 'pipes' | 'fields' | 'keys'): void {
  if (count > maxDepth) throw new TemplateError(`it has more than ${maxDepth} ${what} in a row`)
}

function checkDepth(depth: number): void {
  if (depth > maxDepth) throw new TemplateError(`it is nested more than ${maxDepth} levels deep`)
}
