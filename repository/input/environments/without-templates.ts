import { isObject, scalarText } from '../../../lib/shape.ts'
import { keyOf } from '../objects/find-object.ts'
import type { NamedObject } from '../objects/find-objects.ts'
import { hasPlaceholder, isFilledForm } from '../placeholders/open-names.ts'
import { isReferredTo } from '../sources/referred-to.ts'
import { folderOf } from './definitions.ts'

/** Of one name in one folder. */
const maxFilled = 20

/**
 * Leaves out definitions with placeholders whose filled form is in the same folder: it has the same name, and differs only where
 * there are placeholders.
 */
export function withoutTemplates(objects: readonly NamedObject[]): readonly NamedObject[] {
  const left = new Set<NamedObject>()
  const groups = Map.groupBy(objects.filter(isReferredTo), (object) =>
    JSON.stringify([folderOf(object), keyOf(object)]),
  )
  for (const some of groups.values()) {
    if (some.length === 1) continue
    const byForm = Map.groupBy(some, ({ object }) => hasPlaceholder(JSON.stringify(object)))
    const [templates = [], all = []] = [byForm.get(true), byForm.get(false)]
    const filled = all.slice(0, maxFilled)
    for (const template of templates)
      if (filled.some(({ object }) => isFilled(object, template.object))) left.add(template)
  }
  return left.size === 0 ? objects : objects.filter((object) => !left.has(object))
}

/** Whether a value is a template's, with values for its placeholders. */
function isFilled(value: unknown, template: unknown): boolean {
  if (typeof template === 'string' && hasPlaceholder(template))
    return (
      ['string', 'number', 'boolean'].includes(typeof value) &&
      isFilledForm(scalarText(value), template)
    )
  if (!isObject(template) && !Array.isArray(template)) return value === template
  if (Array.isArray(template) ? !Array.isArray(value) : !isObject(value)) return false
  const [own, others] = [Object.entries(Object(value)), new Map(Object.entries(template))]
  return (
    own.length === others.size &&
    own.every(([key, member]) => others.has(key) && isFilled(member, others.get(key)))
  )
}
