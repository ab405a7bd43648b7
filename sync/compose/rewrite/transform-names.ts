import { templateRenderer } from '../../../delivery/go-template/render.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { NamedValue } from './named-value.ts'

/** Makes each name with a template whose `.value` is the name. */
export async function transformNames(
  entries: readonly NamedValue[],
  template: string,
  budget: CpuBudget,
): Promise<Parsed<readonly NamedValue[]>> {
  const renamed: NamedValue[] = []
  for (const [index, { name, bytes }] of entries.entries()) {
    const render = templateRenderer(new Map([['value', Buffer.from(name)]]), budget)
    const rendered = await render(template)
    if (rendered.kind === 'invalid') return invalid(`number ${index + 1}: ${rendered.problem}`)
    renamed.push({ name: Buffer.from(rendered.value).toString(), bytes })
  }
  return valid(renamed)
}
