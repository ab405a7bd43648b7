import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import type { AgentConfig, Wanted, WantedValue } from '../contract.ts'
import { neededValues } from '../needed-values.ts'

/** An object to fetch: once, however many targets want it. */
export interface WantedObject {
  readonly reference: ObjectReference
  /** How many versions of its history to fetch, starting at the newest (or the pinned one). Absent: only that one. */
  readonly versions?: number
  /** Whether a target needs it. Then its absence is an error, which isn't retried. */
  readonly isRequired: boolean
  /** Whether a target wants its tags, which can change without a new version. */
  readonly readsTags?: true
  /** The `objectKey`s of the other objects that its key stores are made of. A key store can't be written without them. */
  readonly partners?: ReadonlySet<string>
}

/**
 * Identifies a {@link WantedObject}. Two targets with the same key share one object. A history has a key of its own, and
 * is as long as the longest that is wanted.
 */
export const objectKey = (
  reference: ObjectReference,
  { versions }: { readonly versions?: number | undefined } = {},
): string => (versions === undefined ? '' : 'history of ') + referenceKey(reference)

/** The `objectKey` of an object to fetch. */
export const wantedKey = (object: WantedObject): string => objectKey(object.reference, object)

/** The `objectKey`s of {@link neededValues}. */
export const neededObjectKeys = (wanted: Wanted): readonly string[] =>
  neededValues(wanted).map((value) => objectKey(value.object, value))

/** The values of a template, without the text between them. */
export const segmentValues = (
  segments: readonly (string | WantedValue)[],
): readonly WantedValue[] => segments.filter((segment) => typeof segment !== 'string')

/** The objects to fetch for all targets of a configuration. */
export function wantedObjects(config: {
  readonly files: readonly Wanted[]
  readonly templates: AgentConfig['templates']
  readonly env: AgentConfig['env']
}): readonly WantedObject[] {
  const objects = new Map<string, WantedObject>()
  const templates = config.templates.flatMap(({ segments }) => segmentValues(segments))
  const all: readonly Wanted[] = [...config.files, ...templates, ...config.env]
  for (const wanted of all) {
    const keys = neededObjectKeys(wanted)
    for (const [i, { object, versions, optional, format }] of neededValues(wanted).entries()) {
      const key = keys[i] ?? ''
      const known = objects.get(key)
      const partners = keys.filter((other) => other !== key)
      objects.set(key, {
        reference: known?.reference ?? object,
        isRequired: optional !== true || known?.isRequired === true,
        ...(versions !== undefined && { versions: Math.max(versions, known?.versions ?? 0) }),
        ...((format === 'tags' || known?.readsTags) && { readsTags: true }),
        ...((partners.length > 0 || known?.partners) && {
          partners: new Set([...(known?.partners ?? []), ...partners]),
        }),
      })
    }
  }
  return [...objects.values()]
}
