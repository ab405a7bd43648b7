import { templateRenderer } from '../../delivery/go-template/render.ts'
import type { Delivered } from '../../delivery/projection/project-content.ts'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import { allInvalid, type Checked, valid } from '../../lib/problems/parsed.ts'
import type { ComposedTemplate, Composition } from '../../requests/secret/composition.ts'
import { missingFiles, type RoundValues, type SecretData } from '../plan/secret-data.ts'
import { secretValuesError } from '../plan/values-error.ts'
import { type Bytes, readInput } from './read-input.ts'

/**
 * Makes the keys of a Secret.
 *
 * @param values - the fetched values of its inputs. All of them are there
 * @returns the problems never contain a value
 */
export async function compose(
  { inputs, template, onGone }: Composition,
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
  // With the operator, too, a Secret isn't emptied by a value without properties, unless its deletionPolicy is Merge.
  if (keys.size === 0 && onGone !== 'Merge')
    return allInvalid(['its values have no properties, so it would have no keys'])
  return template === undefined ? valid(keys) : await renderAll(template, { keys, budget })
}

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
  // With the operator, too, a Secret isn't emptied if nothing is found (deletionPolicy Retain).
  const { inputs, onGone } = composition
  const hasOnlyFinds = inputs.every((input) => input.kind === 'all' && input.isFind)
  if (hasOnlyFinds && onGone === undefined && round.content.files.size === 0)
    return { keys, state: 'unfound' }
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
