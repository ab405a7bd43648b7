import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import type { AgentConfig, WantedValue } from '../contract.ts'

/** What is fetched, once however many targets want it. */
export interface WantedObject {
  readonly reference: ObjectReference
  /** So many versions instead of one, from the newest (or the one named) on. */
  readonly versions?: number
  /** Some target can't do without it: its absence is an error, and a hopeless one. */
  readonly isRequired: boolean
}

/** The same text exactly where one {@link WantedObject} serves both. A history is one of its own, of the longest asked for. */
export const objectKey = (
  reference: ObjectReference,
  { versions }: { readonly versions?: number | undefined } = {},
): string => (versions === undefined ? '' : 'history of ') + referenceKey(reference)

/** What single values a template is made of. */
export const segmentValues = (
  segments: readonly (string | WantedValue)[],
): readonly WantedValue[] => segments.filter((segment) => typeof segment !== 'string')

/** The objects to fetch, for all targets of a configuration. */
export function wantedObjects(config: AgentConfig): readonly WantedObject[] {
  const objects = new Map<string, WantedObject>()
  const templates = config.templates.flatMap(({ segments }) => segmentValues(segments))
  const all: readonly (WantedValue & { readonly versions?: number })[] = [
    ...config.files,
    ...templates,
    ...config.env,
  ]
  for (const { object, versions, optional } of all) {
    const key = objectKey(object, { versions })
    const known = objects.get(key)
    objects.set(key, {
      reference: known?.reference ?? object,
      isRequired: optional !== true || known?.isRequired === true,
      ...(versions !== undefined && { versions: Math.max(versions, known?.versions ?? 0) }),
    })
  }
  return [...objects.values()]
}
