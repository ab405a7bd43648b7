import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import {
  boundedSize,
  byteCostOf,
  copiedByteCost,
  parsedCharacterCost,
  sizeOf,
  stepCost,
} from './cost.ts'
import { functions } from './functions/functions.ts'
import { formatPlain } from './functions/printf.ts'
import { fromBytes, fromText, toBytes, toText } from './model/byte-string.ts'
import {
  type Expression,
  type FunctionCall,
  maxCallBytes,
  TemplateError,
  type TemplateNode,
} from './model/template.ts'
import { describeType, isEmpty, isMap, type Value } from './model/value.ts'
import { parseGoTemplate } from './parse/parse.ts'

/** For all templates of a Secret together: the API server accepts no larger Secret. */
const maxRenderedBytes = 1024 * 1024
/** A pipeline can make a value grow at each step, so what all functions read and return is bounded together. */
const maxWorkBytes = 16 * 1024 * 1024

/** What the templates of one Secret share. */
interface Shared {
  readonly data: Value
  readonly budget: CpuBudget
  written: number
}

interface Run {
  readonly shared: Shared
  work: number
}

/**
 * Prepares the values for the templates of one Secret, once for all of them.
 *
 * @param data - the values by their keys
 * @returns parses and runs a template, and gives the bytes of the rendered value. The problem never contains a value, and doesn't name
 *   the template
 */
export function templateRenderer(
  data: ReadonlyMap<string, Uint8Array>,
  budget = createCpuBudget(),
): (text: string) => Promise<Parsed<Uint8Array>> {
  const entries = [...data].map(([key, bytes]) => [fromText(key), fromBytes(bytes)] as const)
  const shared: Shared = { data: { kind: 'data', entries: new Map(entries) }, budget, written: 0 }
  return async (text) => {
    budget.charge(text.length * parsedCharacterCost)
    await budget.yieldIfDue()
    const parsed = parseGoTemplate(text)
    if (parsed.kind === 'invalid') return parsed
    try {
      return valid(toBytes(await renderNodes(parsed.value, { shared, work: 0 })))
    } catch (error) {
      if (error instanceof TemplateError) return invalid(error.message)
      throw error
    }
  }
}

async function renderNodes(nodes: readonly TemplateNode[], run: Run): Promise<string> {
  const parts: string[] = []
  for (const node of nodes) {
    await spend(stepCost, run)
    parts.push(await renderNode(node, run))
  }
  return parts.join('')
}

async function renderNode(node: TemplateNode, run: Run): Promise<string> {
  switch (node.kind) {
    case 'text':
      return written(node.text, run)
    case 'print': {
      const value = await evaluate(node.value, run)
      await chargePrint(value, run)
      return written(value === null ? '<no value>' : formatPlain(value), run)
    }
    case 'if': {
      const isTrue = !isEmpty(await evaluate(node.condition, run))
      return await renderNodes(isTrue ? node.whenTrue : node.whenFalse, run)
    }
    default:
      return node satisfies never
  }
}

function written(text: string, { shared }: Run): string {
  shared.written += text.length
  if (shared.written > maxRenderedBytes)
    throw new TemplateError(`the templates give more than ${maxRenderedBytes} bytes together`)
  return text
}

async function evaluate(expression: Expression, run: Run): Promise<Value> {
  switch (expression.kind) {
    case 'literal':
      return expression.text
    case 'data':
      return run.shared.data
    case 'field':
      return fieldOf(await evaluate(expression.of, run), expression.name)
    case 'call':
      return await call(expression, run)
    default:
      return expression satisfies never
  }
}

async function call({ name, args, piped }: FunctionCall, run: Run): Promise<Value> {
  await spend(stepCost, run)
  const last = piped ? [await evaluate(piped, run)] : []
  if (name === 'and' || name === 'or') return await firstThat(name === 'or', { args, last, run })
  const values: Value[] = []
  let size = 0
  for (const arg of args) {
    const value = await evaluate(arg, run)
    values.push(value)
    // Each result is checked at once: a call may have thousands of arguments.
    size += sizeOf(value)
    if (size > maxCallBytes) boundedSize(values)
  }
  values.push(...last)
  await charge(values, { run, byteCost: byteCostOf(name) })
  const result = await functions[name](values, run.shared)
  await charge([result], { run, byteCost: copiedByteCost })
  return result
}

/** `or` gives its first argument that isn't empty, `and` its first that is; both the last one otherwise. */
async function firstThat(
  isWanted: boolean,
  options: {
    readonly args: readonly Expression[]
    readonly last: readonly Value[]
    readonly run: Run
  },
): Promise<Value> {
  const { args, last, run } = options
  let value: Value = null
  for (const arg of args) {
    value = await evaluate(arg, run)
    if (!isEmpty(value) === isWanted) return value
  }
  const [piped = value] = last
  return piped
}

function fieldOf(value: Value, name: string): Value {
  const field = `"${printable(toText(name))}"`
  if (!isMap(value)) throw new TemplateError(`${describeType(value)} has no member ${field}`)
  const found = value.entries.get(name)
  if (found !== undefined) return found
  throw new TemplateError(
    value.kind === 'data'
      ? `no key ${field} is among the values`
      : `the JSON object has no member ${field}`,
  )
}

/** Charges for handling values, before it begins. */
async function charge(
  values: readonly Value[],
  { run, byteCost }: { readonly run: Run; readonly byteCost: number },
): Promise<void> {
  const bytes = boundedSize(values)
  run.work += bytes
  if (run.work > maxWorkBytes)
    throw new TemplateError(`its functions handle more than ${maxWorkBytes} bytes`)
  await spend(bytes * byteCost, run)
}

async function spend(microseconds: number, { shared: { budget } }: Run): Promise<void> {
  budget.charge(microseconds)
  await budget.yieldIfDue()
}

/** Before a value is made into text: `{{ . }}` prints all of them. */
async function chargePrint(value: Value, run: Run): Promise<void> {
  const bytes = sizeOf(value)
  if (bytes > maxCallBytes)
    throw new TemplateError(`one of its values has more than ${maxCallBytes} bytes`)
  await spend(bytes * (typeof value === 'string' ? copiedByteCost : byteCostOf('toString')), run)
}
