import type { FetchedObject } from '../../../keyvault/clients/object-client.ts'
import type { Wanted } from '../../contract.ts'
import type { Target } from '../../destination.ts'
import {
  type RenderContext,
  renderError,
  type TargetPart,
  targetCost,
  valueOrThrow,
} from './render-context.ts'

/** Makes the one value of a target that asks for a tag, or for all tags as JSON. */
export async function renderTags(
  wanted: Omit<Wanted, 'versions'>,
  found: FetchedObject,
  { budget }: RenderContext,
): Promise<Uint8Array> {
  const { pickTag, tagsText } = await import('./object-tags.ts')
  budget.charge(targetCost)
  if (wanted.property === undefined) return Buffer.from(tagsText(found, budget))
  const picked = pickTag(found, wanted.property, budget)
  return Buffer.from(valueOrThrow(picked, wanted, 'AKV_PROPERTY_ABSENT'))
}

/** Makes a part of each tag. */
export async function renderAllTags(
  wanted: Target,
  found: FetchedObject,
  { budget, maxProperties }: RenderContext,
): Promise<readonly TargetPart[]> {
  const { namedTags } = await import('./object-tags.ts')
  budget.charge(targetCost)
  const named = namedTags(found, { name: wanted.object.name, property: wanted.within, budget })
  const tags = valueOrThrow(named, wanted, 'AKV_PROPERTY')
  if (tags.size > maxProperties)
    throw renderError(wanted, {
      code: 'AKV_PROPERTY',
      problem: `its tags give more than ${maxProperties} keys`,
    })
  return [...tags].map(([name, text]) => ({ name, bytes: Buffer.from(text) }))
}
