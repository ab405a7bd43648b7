import { templateRenderer } from '../../../delivery/go-template/render.ts'
import type { GoTemplates } from './go-templates.ts'

/** Why a template fails. Empty if it gives bytes. */
export interface Comparison {
  readonly problem: string
  readonly goProblem: string
}

/** Renders a template, and throws if Go renders it to other bytes. */
export async function compareWithGo(
  go: GoTemplates,
  template: string,
  data: ReadonlyMap<string, Uint8Array>,
): Promise<Comparison> {
  const expected = await go(template, data)
  const goProblem = expected.error
  const result = await templateRenderer(data)(template)
  if (result.kind === 'invalid') return { problem: result.problem, goProblem }
  if (goProblem === '' && Buffer.compare(result.value, expected.bytes) !== 0)
    throw new Error(`Go: ${shown(expected.bytes)}, we: ${shown(result.value)}`)
  return { problem: '', goProblem }
}

const shown = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('latin1'))
