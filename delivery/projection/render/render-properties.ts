import type { FetchedSecret } from '../../../keyvault/clients/object-client.ts'
import type { JsonDocument } from '../../../keyvault/formats/property.ts'
import { propertyNumber } from '../../../keyvault/formats/property-number.ts'
import type { Parsed } from '../../../lib/problems/parsed.ts'
import type { Wanted } from '../../contract.ts'
import { type Destination, partOf, type Target } from '../../destination.ts'
import { targetPathProblem } from '../../target-path.ts'
import {
  decode,
  type RenderContext,
  renderError,
  type TargetPart,
  targetCost,
  valueOrThrow,
} from './render-context.ts'

/** Reads one property of a value. */
export async function readProperty(
  secret: FetchedSecret,
  wanted: Omit<Wanted, 'versions'> & { readonly property: string },
  context: RenderContext,
): Promise<string> {
  const { pickProperty } = await import('../../../keyvault/formats/property.ts')
  const document = valueOrThrow(await jsonDocumentOf(secret, context), wanted, 'AKV_PROPERTY')
  const { property, propertyLookup: lookup = 'annotation' } = wanted
  const picked = pickProperty(document, property, { budget: context.budget, lookup })
  const isAbsent = 'isAbsent' in picked
  return valueOrThrow(picked, wanted, isAbsent ? 'AKV_PROPERTY_ABSENT' : 'AKV_PROPERTY')
}

async function jsonDocumentOf(
  secret: FetchedSecret,
  { documents, budget }: RenderContext,
): Promise<Parsed<JsonDocument>> {
  const { readJsonDocument } = await import('../../../keyvault/formats/property.ts')
  const document = documents.get(secret) ?? readJsonDocument(secret.value, budget)
  documents.set(secret, document)
  return document
}

/** The JSON whose properties are wanted: the whole value, or what one property of it contains, which may be JSON in a string. */
async function wholeDocument(
  secret: FetchedSecret,
  wanted: Target,
  context: RenderContext,
): Promise<Parsed<JsonDocument>> {
  if (wanted.within === undefined) return await jsonDocumentOf(secret, context)
  const inside = { ...wanted, property: wanted.within, propertyLookup: 'gjson' } as const
  const text = await readProperty(secret, inside, context)
  const { readJsonDocument } = await import('../../../keyvault/formats/property.ts')
  return readJsonDocument(text, context.budget)
}

/** Makes a part of each property. */
export async function renderProperties(
  wanted: Target,
  secret: FetchedSecret,
  context: RenderContext,
): Promise<readonly TargetPart[]> {
  const { maxProperties, budget } = context
  const { allProperties } = await import('../../../keyvault/formats/property.ts')
  const document = valueOrThrow(
    await wholeDocument(secret, wanted, context),
    wanted,
    'AKV_PROPERTY',
  )
  const all = valueOrThrow(allProperties(document, budget), wanted, 'AKV_PROPERTY')
  if (all.length > maxProperties)
    throw renderError(wanted, {
      code: 'AKV_PROPERTY',
      problem: `the value has more than ${maxProperties} properties, which is too many for "#*"; name the properties that are needed`,
    })
  budget.charge(all.length * targetCost)
  return all.map(({ name, value }, index) => {
    const problem = fileNameProblem(wanted.to, name)
    if (problem !== undefined)
      throw renderError(wanted, {
        code: 'AKV_PROPERTY',
        problem: `the name of ${propertyNumber(index)} can't be a file name: ${problem}`,
      })
    return { name, bytes: decode(value, wanted) }
  })
}

/** Keys of Secrets have rules of their own, which are checked when the Secret is made. */
function fileNameProblem(to: Destination, name: string): string | undefined {
  const part = partOf(to, name)
  if (part.kind !== 'file') return undefined
  return name.includes('/') ? 'it contains a slash' : targetPathProblem(part.path)
}
