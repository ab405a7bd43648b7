import type { Delivered } from '../../delivery/projection/project-content.ts'
import type { CpuBudget } from '../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type { AllInput, ComposedInput } from '../../requests/secret/composition.ts'
import { dataKeyProblem } from '../../requests/secret/secret-types.ts'
import { convertName } from './convert-name.ts'
import { decodeInput } from './decode.ts'
import type { NamedValue } from './rewrite/named-value.ts'
import { rewriteEntries } from './rewrite/rewrite-entries.ts'

export type Bytes = ReadonlyMap<string, Uint8Array>

interface Reading {
  /** Of this input. */
  readonly values: readonly Delivered[]
  /** Whether the Secret has the keys, too. */
  readonly areKeys: boolean
  readonly budget: CpuBudget
}

/** The keys that one input gives. */
export async function readInput(input: ComposedInput, reading: Reading): Promise<Parsed<Bytes>> {
  const named = await nameValues(input, reading)
  if (named.kind === 'invalid') return named
  const keys = new Map<string, Uint8Array>()
  for (const [index, { name: key, bytes }] of named.value.entries()) {
    // As the operator does, a property without a name is left out.
    if (key === '') continue
    const title = titleOf(input, index)
    if (keys.has(key))
      return wrong(title, `another ${isFind(input) ? 'secret' : 'property'} gives the same key`)
    const problem = keyProblem(key, reading)
    if (problem !== undefined) return wrong(title, `its name can't be a key: ${problem}`)
    const value = await decode(bytes, input, reading)
    if (value.kind === 'invalid') return wrong(title, value.problem)
    keys.set(key, value.value)
  }
  return valid(keys)
}

async function nameValues(
  input: ComposedInput,
  { values, budget }: Reading,
): Promise<Parsed<readonly NamedValue[]>> {
  if (input.kind === 'key') return valid(values.map(({ bytes }) => ({ name: input.key, bytes })))
  const { rewrite, conversion } = input
  const entries = values.map(({ to, bytes }) => ({ name: propertyOf(to), bytes }))
  if (rewrite === undefined)
    return valid(entries.map(({ name, bytes }) => ({ name: convertName(name, conversion), bytes })))
  const rewritten = await rewriteEntries(entries, rewrite, budget)
  return rewritten.kind === 'invalid' ? invalid(`dataFrom.${rewritten.problem}`) : rewritten
}

const propertyOf = (to: Delivered['to']): string =>
  to.kind === 'input' && to.property !== undefined ? to.property : ''

/** The names of properties are part of the value, so messages show their numbers. */
function titleOf(input: ComposedInput, index: number): string {
  if (input.kind === 'key') return `key ${input.key}`
  if (isFind(input)) return `secret number ${index + 1} of dataFrom.find`
  return isRewritten(input)
    ? `key number ${index + 1} of dataFrom after rewrite`
    : `property number ${index + 1} of dataFrom`
}

const isFind = (input: ComposedInput): boolean => input.kind === 'all' && input.isFind === true

const isRewritten = ({ rewrite }: AllInput): boolean => rewrite !== undefined

/** What only a template reads needn't be a key of the Secret, but a name that the operator accepts. */
function keyProblem(key: string, { areKeys }: Reading): string | undefined {
  if (areKeys) return dataKeyProblem(key)
  return key === convertName(key) ? undefined : 'it may have letters, digits, "-", "_" and "."'
}

/** The cost of each byte that is decoded or searched, in microseconds. */
const byteCost = 0.02

async function decode(
  bytes: Uint8Array,
  { decoding, refusesNullBytes }: ComposedInput,
  { budget }: Reading,
): Promise<Parsed<Uint8Array>> {
  if (decoding !== 'None' || refusesNullBytes) {
    budget.charge(bytes.length * byteCost)
    await budget.yieldIfDue()
  }
  const value = decodeInput(bytes, decoding)
  if (value.kind === 'invalid') return value
  return refusesNullBytes && value.value.includes(0)
    ? invalid('the value has a zero byte, which nullBytePolicy Fail refuses')
    : value
}

const wrong = (title: string, problem: string): Parsed<never> => invalid(`${title}: ${problem}`)
