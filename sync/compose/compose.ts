import { templateRenderer } from '../../delivery/go-template/render.ts'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { allInvalid, type Checked, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type {
  ComposedInput,
  ComposedTemplate,
  Composition,
} from '../../requests/secret/composition.ts'
import { dataKeyProblem } from '../../requests/secret/secret-types.ts'
import { decodeInput } from './decode.ts'

type Bytes = ReadonlyMap<string, Uint8Array>

/**
 * Makes the keys of a Secret.
 *
 * @param inputs - the fetched values by the names of the inputs: `#0`, and `#1/NAME` for each property of an input with all
 *   properties. All of them are there
 * @returns the problems never contain a value
 */
export async function compose(
  { inputs: composed, template }: Composition,
  inputs: Bytes,
  budget: CpuBudget = createCpuBudget(),
): Promise<Checked<Bytes>> {
  const problems: string[] = []
  const keys = new Map<string, Uint8Array>()
  const properties = Map.groupBy(inputs, ([name]) => name.split('/', 1)[0] ?? '')
  for (const input of composed) {
    const read = await readInput(input, { inputs, properties, budget })
    if (read.kind === 'invalid') problems.push(read.problem)
    else for (const [key, bytes] of read.value) keys.set(key, bytes)
  }
  if (problems.length > 0) return allInvalid(problems)
  // With the operator, too, a Secret isn't emptied by a value without properties (deletionPolicy Retain).
  if (keys.size === 0)
    return allInvalid(['its values have no properties, so it would have no keys'])
  return template === undefined ? valid(keys) : await renderAll(template, { keys, budget })
}

interface Inputs {
  readonly inputs: Bytes
  /** The properties, by the names of their inputs. */
  readonly properties: ReadonlyMap<string, readonly (readonly [string, Uint8Array])[]>
  readonly budget: CpuBudget
}

/** The cost of each byte that is decoded, in microseconds. */
const decodedByteCost = 0.02

/** The keys that one input gives. */
async function readInput(
  input: ComposedInput,
  { inputs, properties, budget }: Inputs,
): Promise<Parsed<Bytes>> {
  const keys = new Map<string, Uint8Array>()
  const values =
    input.kind === 'all'
      ? (properties.get(input.input) ?? [])
      : ([[input.input, inputs.get(input.input)]] as const)
  for (const [index, [name, bytes]] of values.entries()) {
    if (bytes === undefined) continue
    const key = input.kind === 'key' ? input.key : convertName(name.slice(input.input.length + 1))
    // The names of properties are part of the value, so messages show their numbers.
    const title = input.kind === 'key' ? `key ${key}` : `property number ${index + 1} of dataFrom`
    if (keys.has(key)) return wrong(title, 'another property gives the same key')
    const keyProblem = dataKeyProblem(key)
    if (keyProblem !== undefined) return wrong(title, `its name can't be a key: ${keyProblem}`)
    if (input.decoding !== 'None') {
      budget.charge(bytes.length * decodedByteCost)
      await budget.yieldIfDue()
    }
    const value = decodeInput(bytes, input.decoding)
    if (value.kind === 'invalid') return wrong(title, value.problem)
    keys.set(key, value.value)
  }
  return valid(keys)
}

const wrong = (title: string, problem: string): Parsed<never> => ({
  kind: 'invalid',
  problem: `${title}: ${problem}`,
})

/** The `conversionStrategy` Default: anything but letters, digits, `-`, `.` and `_` becomes `_`. */
const convertName = (name: string): string => name.replaceAll(/[^\p{L}\p{N}\-._]/gu, '_')

async function renderAll(
  { data, keepsInputs }: ComposedTemplate,
  { keys, budget }: { readonly keys: Bytes; readonly budget: CpuBudget },
): Promise<Checked<Bytes>> {
  const problems: string[] = []
  const rendered = new Map(keepsInputs ? keys : [])
  const render = templateRenderer(keys, budget)
  for (const [key, template] of data) {
    const result = await render(template)
    if (result.kind === 'valid') rendered.set(key, result.value)
    else problems.push(`template data.${key}: ${result.problem}`)
  }
  return problems.length > 0 ? allInvalid(problems) : valid(rendered)
}
