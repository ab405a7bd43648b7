import { templateRenderer } from '../../delivery/go-template/render.ts'
import type { Delivered } from '../../delivery/projection/project-content.ts'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import { allInvalid, type Checked, type Parsed, valid } from '../../lib/problems/parsed.ts'
import type {
  ComposedInput,
  ComposedTemplate,
  Composition,
} from '../../requests/secret/composition.ts'
import { dataKeyProblem } from '../../requests/secret/secret-types.ts'
import { missingFiles, type RoundValues, type SecretData } from '../plan/secret-data.ts'
import { secretValuesError } from '../plan/values-error.ts'
import { decodeInput } from './decode.ts'

type Bytes = ReadonlyMap<string, Uint8Array>

/**
 * Makes the keys of a Secret.
 *
 * @param values - the fetched values of its inputs. All of them are there
 * @returns the problems never contain a value
 */
export async function compose(
  { inputs, template }: Composition,
  values: readonly Delivered[],
  budget: CpuBudget = createCpuBudget(),
): Promise<Checked<Bytes>> {
  const problems: string[] = []
  const keys = new Map<string, Uint8Array>()
  const valuesOf = Map.groupBy(values, ({ to }) => (to.kind === 'input' ? to.index : undefined))
  const areKeys = template === undefined || template.keepsInputs
  for (const input of inputs) {
    const ofInput = valuesOf.get(input.index) ?? []
    const read = await readInput(input, { values: ofInput, areKeys, budget })
    if (read.kind === 'invalid') problems.push(read.problem)
    else for (const [key, bytes] of read.value) keys.set(key, bytes)
  }
  if (problems.length > 0) return allInvalid(problems)
  // With the operator, too, a Secret isn't emptied by a value without properties (deletionPolicy Retain).
  if (keys.size === 0)
    return allInvalid(['its values have no properties, so it would have no keys'])
  return template === undefined ? valid(keys) : await renderAll(template, { keys, budget })
}

/** The cost of each byte that is decoded, in microseconds. */
const decodedByteCost = 0.02

/** The keys that one input gives. */
async function readInput(
  input: ComposedInput,
  {
    values,
    areKeys,
    budget,
  }: {
    readonly values: readonly Delivered[]
    /** Whether the Secret has the keys, too. */
    readonly areKeys: boolean
    readonly budget: CpuBudget
  },
): Promise<Parsed<Bytes>> {
  const keys = new Map<string, Uint8Array>()
  for (const [index, { to, bytes }] of values.entries()) {
    const property = to.kind === 'input' ? to.property : undefined
    const key = input.kind === 'key' ? input.key : convertName(property ?? '')
    // As the operator does, a property without a name is left out.
    if (key === '') continue
    // The names of properties are part of the value, so messages show their numbers.
    const title = input.kind === 'key' ? `key ${key}` : `property number ${index + 1} of dataFrom`
    if (keys.has(key)) return wrong(title, 'another property gives the same key')
    // What only a template reads needn't be a key of the Secret.
    const keyProblem = areKeys ? dataKeyProblem(key) : undefined
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

/**
 * Makes the keys of a Secret from its inputs. If the value of an input is missing, it makes none, and the Secret stays as it is.
 *
 * @param options - `budget`: limits the CPU time for templates
 */
export async function composedData(
  { name, composition }: { readonly name: string; readonly composition: Composition },
  { budget, ...round }: RoundValues & { readonly budget: CpuBudget },
): Promise<SecretData> {
  const keys = new Map()
  if (missingFiles(name, round).length > 0) return { keys, state: 'waiting' }
  try {
    const composed = await compose(composition, [...round.content.files.values()], budget)
    if (composed.kind === 'valid') return { keys: composed.value, state: 'whole' }
    const detail = `Secret ${name}: ${composed.problems.join('; ')}`
    return { keys, state: 'waiting', error: secretValuesError(name, detail) }
  } catch (thrown) {
    // A template can use up the CPU budget for one value and not for another.
    return { keys, state: 'waiting', error: secretValuesError(name, toAkvError(thrown).message) }
  }
}
