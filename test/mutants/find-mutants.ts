import { stripTypeScriptTypes } from 'node:module'
import { type Expression, type Node, parse } from 'acorn'
import { type SimpleVisitors, simple } from 'acorn-walk'

/** A small fault that could be put into a source file. */
export interface Mutant {
  readonly file: string
  readonly kind: string
  readonly start: number
  readonly end: number
  readonly replacement: string
  readonly line: number
  /** The first changed line before and after the change, by which a survivor is known even if it moves. */
  readonly from: string
  readonly to: string
}

type Found = Pick<Mutant, 'kind' | 'start' | 'end' | 'replacement'>

const swapped: Readonly<Record<string, string>> = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '-': '+',
  '*': '/',
  '/': '*',
  '&&': '||',
  '||': '&&',
}
const swappedMethods: Readonly<Record<string, string>> = {
  some: 'every',
  every: 'some',
  min: 'max',
  max: 'min',
  all: 'race',
}
/** Calls that give something of the same type as the object they are called on. */
const droppedMethods = ['filter', 'sort', 'toSorted', 'slice', 'trim', 'reverse', 'toReversed']

/** Lists the faults for the text of a file, in the order of the text. */
export function findMutants(file: string, source: string): readonly Mutant[] {
  // The types become blanks, so positions are those of the source.
  const text = stripTypeScriptTypes(source)
  if (text.length !== source.length) return []
  const found = new Map<string, Found>()
  const add = (kind: string, { start, end }: Pick<Node, 'start' | 'end'>, replacement: string) =>
    void found.set(`${start} ${end} ${replacement}`, { kind, start, end, replacement })
  simple(parse(text, { ecmaVersion: 'latest', sourceType: 'module' }), visitors({ text, add }))
  return [...found.values()]
    .toSorted((a, b) => a.start - b.start)
    .map((mutation) => describe({ file, source, mutation }))
}

interface Context {
  readonly text: string
  readonly add: (kind: string, range: Pick<Node, 'start' | 'end'>, replacement: string) => void
}

function visitors(context: Context): SimpleVisitors<unknown> {
  return { ...ofExpressions(context), ...ofCalls(context), ...ofStatements(context) }
}

function ofExpressions({ text, add }: Context): SimpleVisitors<unknown> {
  const textOf = ({ start, end }: Node) => text.slice(start, end)
  const swapOperator = (node: { operator: string; left: Node; right: Node }) => {
    const replacement = swapped[node.operator]
    const start = text.indexOf(node.operator, node.left.end)
    if (replacement !== undefined)
      add('operator', { start, end: start + node.operator.length }, replacement)
  }
  return {
    BinaryExpression: swapOperator,
    LogicalExpression(node) {
      if (node.operator === '??') add('default', node, textOf(node.left))
      else swapOperator(node)
    },
    UnaryExpression(node) {
      if (node.operator === '!') add('condition', node, textOf(node.argument))
    },
    ConditionalExpression: ({ test }) => negate(test, { text, add }),
    AwaitExpression: (node) => add('await', node, textOf(node.argument)),
    MemberExpression(node) {
      if (node.property.type === 'Identifier' && node.property.name === 'aborted')
        add('abort', node, 'false')
    },
    ArrowFunctionExpression({ body }) {
      if (body.type !== 'BlockStatement') add('return', body, 'undefined')
    },
    Literal(node) {
      if (typeof node.value === 'boolean') add('literal', node, String(!node.value))
      if (typeof node.value === 'number') add('literal', node, String(node.value + 1))
    },
  }
}

function ofCalls({ text, add }: Context): SimpleVisitors<unknown> {
  return {
    CallExpression(node) {
      const { callee } = node
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return
      const { name } = callee.property
      const swap = swappedMethods[name]
      if (swap !== undefined) add('method', callee.property, swap)
      if (droppedMethods.includes(name))
        add('method', node, text.slice(callee.object.start, callee.object.end))
    },
  }
}

function ofStatements({ text, add }: Context): SimpleVisitors<unknown> {
  return {
    IfStatement: ({ test }) => negate(test, { text, add }),
    ExpressionStatement(node) {
      if (node.directive === undefined) add('statement', node.expression, 'void 0')
    },
    ReturnStatement(node) {
      if (node.argument && text.slice(node.argument.start, node.argument.end) !== 'undefined')
        add('return', node.argument, 'undefined')
    },
    SwitchCase({ test }) {
      if (test?.type === 'Literal' && typeof test.value === 'string')
        add('case', test, "'of a mutant'")
    },
  }
}

/** Other rules negate comparisons, and what is negated already. */
function negate(test: Expression, { text, add }: Context): void {
  const isCovered =
    (test.type === 'BinaryExpression' && /^[!=]==$/.test(test.operator)) ||
    (test.type === 'UnaryExpression' && test.operator === '!')
  if (!isCovered) add('condition', test, `!(${text.slice(test.start, test.end)})`)
}

function describe({
  file,
  source,
  mutation,
}: {
  readonly file: string
  readonly source: string
  readonly mutation: Found
}): Mutant {
  const { start } = mutation
  const lineStart = source.lastIndexOf('\n', start - 1) + 1
  const firstLine = (text: string) => text.slice(lineStart).split('\n', 1)[0]?.trim() ?? ''
  return {
    ...mutation,
    file,
    line: source.slice(0, start).split('\n').length,
    from: firstLine(source),
    to: firstLine(applyMutant(source, mutation)),
  }
}

/** Returns the text with the fault in it. */
export function applyMutant(
  source: string,
  { start, end, replacement }: Pick<Mutant, 'start' | 'end' | 'replacement'>,
): string {
  return source.slice(0, start) + replacement + source.slice(end)
}
