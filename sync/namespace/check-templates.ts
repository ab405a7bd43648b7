import { parsedCharacterCost } from '../../delivery/go-template/cost.ts'
import { objectAt } from '../../lib/shape.ts'
import {
  type CheckedTemplate,
  type CheckedTemplates,
  checkTemplate,
  maxTemplates,
} from '../../requests/external-secret/check-template.ts'
import type { KeptSpec } from '../../requests/external-secret/seen-external-secret.ts'
import type { SeenSource } from '../../requests/source/seen-source.ts'

/** How long templates are parsed without a break. A single one can take longer. */
const sliceMicroseconds = 5_000
/** What reading any source costs, in microseconds of one core, and each character of it that isn't part of a template. */
const costs = { source: 100, character: 0.05 } as const

/** Checks the templates of an ExternalSecret, and waits for another slice after each that takes milliseconds. */
export async function checkTemplates(
  seen: SeenSource<KeptSpec>,
  awaitSlice: () => Promise<void>,
): Promise<CheckedTemplates> {
  const checked = new Map<string, CheckedTemplate>()
  let microseconds = 0
  for (const text of templatesIn(seen)) {
    if (checked.has(text)) continue
    const cost = text.length * parsedCharacterCost
    if (microseconds + cost > sliceMicroseconds) {
      await awaitSlice()
      microseconds = 0
    }
    microseconds += cost
    checked.set(text, checkTemplate(text))
  }
  return checked
}

/** What reading a source costs, in microseconds of one core. */
export function readingCost({ content }: SeenSource): number {
  if (content.kind !== 'kept') return costs.source
  const { bytes, ...spec } = content
  const text = 'text' in spec && typeof spec.text === 'string' ? spec.text : ''
  const characters = text === '' ? bytes : text.length
  const characterCost = text.includes('{{') ? parsedCharacterCost : costs.character
  return costs.source + characters * characterCost
}

function templatesIn({ content }: SeenSource<KeptSpec>): readonly string[] {
  if (content.kind !== 'kept' || !content.text.includes('{{')) return []
  const texts = Object.values(objectAt(JSON.parse(content.text), 'target', 'template', 'data'))
  return texts.length > maxTemplates ? [] : texts.filter((text) => typeof text === 'string')
}
