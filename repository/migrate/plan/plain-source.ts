import type { SecretValue } from '../../../delivery/destination.ts'
import type { RefreshSchedule } from '../../../requests/schedule/refresh-due.ts'
import type { ComposedInput } from '../../../requests/secret/composition.ts'
import type { Source } from '../../../requests/source/source.ts'

type PlainSource =
  | { readonly kind: 'plain'; readonly source: Source }
  | { readonly kind: 'none'; readonly reason: string }

/**
 * Turns an ExternalSecret into a source with one value for each key instead of a composition, or returns why
 * annotations can't express it.
 */
export function plainSource(source: Source): PlainSource {
  const [secret] = source.secrets
  const kept = source.schedule && reasonToKeep(source.schedule)
  if (kept !== undefined) return none(kept)
  if (secret?.composition === undefined) return { kind: 'plain', source }
  const { inputs, template, onGone } = secret.composition
  if (onGone)
    return none(`annotations have no equivalent for deletionPolicy ${onGone} of one Secret`)
  if (template !== undefined) return none('annotations have no templates for Secrets')
  if (source.finds) return none('annotations have no equivalent for find')
  if (inputs.length > 1 && inputs.some(({ kind }) => kind === 'all'))
    return none('an annotation cannot add keys to those of an extract')
  const files = new Map(
    source.values.map((file) => [file.to.kind === 'input' && file.to.index, file]),
  )
  const keys = new Map<string | undefined, SecretValue>()
  for (const input of inputs) {
    const file = files.get(input.index)
    const reason = file && reasonAgainst(input, file)
    if (file === undefined || reason !== undefined) return none(reason ?? 'it is incomplete')
    const key = keyOf(input)
    const { propertyLookup: _, ...value } = file
    // If two entries have the same key, the later one wins.
    keys.set(key, {
      ...value,
      to: { kind: 'key', secret: secret.name, ...(key !== undefined && { key }) },
      ...(input.decoding === 'Base64' && { encoding: 'base64' }),
    })
  }
  const { composition: _, ...plain } = secret
  return { kind: 'plain', source: { ...source, secrets: [plain], values: [...keys.values()] } }
}

/** Why annotations, which refresh all of an account's Secrets at one interval, can't say when values are fetched. */
function reasonToKeep({ policy, intervalSeconds, windows }: RefreshSchedule): string | undefined {
  if (policy !== 'Periodic') return `annotations have no equivalent for refreshPolicy ${policy}`
  if (intervalSeconds === 0) return 'annotations have no equivalent for a refreshInterval of 0'
  return windows && 'annotations have no equivalent for syncWindows'
}

/** Returns the key that an input gives. Undefined if it gives a key for each of its properties. */
function keyOf(input: ComposedInput): string | undefined {
  switch (input.kind) {
    case 'key':
      return input.key
    case 'all':
      return undefined
    default:
      return input satisfies never
  }
}

function reasonAgainst(input: ComposedInput, { format, within }: SecretValue): string | undefined {
  const { kind, decoding } = input
  if (within !== undefined) return 'annotations have no equivalent for extract.property'
  if (format === 'tags') return 'annotations have no equivalent for metadataPolicy Fetch'
  if (format !== undefined) return 'its key/ and cert/ have formats that annotations cannot write'
  if (kind === 'all' && input.rewrite) return 'annotations have no equivalent for rewrite'
  if (kind === 'all' && input.conversion)
    return 'annotations have no equivalent for conversionStrategy Unicode'
  if (input.refusesNullBytes) return 'annotations have no equivalent for nullBytePolicy Fail'
  const isKnown = decoding === 'None' || (decoding === 'Base64' && kind === 'key')
  return isKnown
    ? undefined
    : `annotations have no equivalent for decodingStrategy ${decoding} here`
}

const none = (reason: string): PlainSource => ({ kind: 'none', reason })
