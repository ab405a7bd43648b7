import { printable } from '../../../lib/printable.ts'
import { checkFormat } from '../functions/printf.ts'
import {
  type Expression,
  type FunctionCall,
  type FunctionName,
  functionArguments,
  maxDepth,
  TemplateError,
} from '../model/template.ts'
import type { TokenReader } from './token-reader.ts'

/** Reads commands joined by pipes. The result of each is the last argument of the next. */
export function readPipeline(
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

/** @throws TemplateError if a part of the template is nested too deeply */
export function checkDepth(depth: number): void {
  if (depth > maxDepth) throw new TemplateError(`it is nested more than ${maxDepth} levels deep`)
}
