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

/** How long templates are parsed without a break, about. A single one can take longer. */
const sliceMicroseconds = 5_000

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

function templatesIn({ content }: SeenSource<KeptSpec>): readonly string[] {
  if (content.kind !== 'kept' || !content.text.includes('{{')) return []
  const texts = Object.values(objectAt(JSON.parse(content.text), 'target', 'template', 'data'))
  return texts.length > maxTemplates ? [] : texts.filter((text) => typeof text === 'string')
}
