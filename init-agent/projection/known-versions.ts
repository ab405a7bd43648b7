import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import type { AgentConfig, WantedValue } from '../contract.ts'
import { hasRequiredFiles } from './compare-content.ts'
import type { FetchOutcomes } from './fetch-objects.ts'
import type { Content } from './project-content.ts'
import { objectKey, segmentValues, type WantedObject } from './wanted-objects.ts'

/** Versions fetched in this life of the agent, by `referenceKey`. A version never changes: none is fetched again. */
export type KnownVersions = ReadonlyMap<string, FetchedObject>

/**
 * What is known after a round: the versions that the configuration names, and those that a history has now.
 *
 * @param round - `outcomes` of the round; `before`: what was known then
 */
export function rememberVersions(
  objects: readonly WantedObject[],
  round: { readonly outcomes: FetchOutcomes; readonly before: KnownVersions },
): KnownVersions {
  const { outcomes, before } = round
  const histories = objects.filter(({ versions }) => versions !== undefined)
  const isComplete = histories.every(
    (object) => outcomes.get(objectKey(object.reference, object))?.kind === 'fetched',
  )
  // A history that gave nothing this time may need what it had the next.
  const known = new Map(isComplete ? knownOfPinned(objects, before) : before)
  for (const object of objects) {
    const { reference, versions } = object
    const outcome = outcomes.get(objectKey(reference, object))
    if (outcome?.kind !== 'fetched' || !(versions !== undefined || isPinned(reference))) continue
    for (const found of outcome.found) {
      const version = versions === undefined ? reference.version : found.version
      if (version !== undefined) known.set(referenceKey({ ...reference, version }), found)
    }
  }
  return known
}

function knownOfPinned(objects: readonly WantedObject[], before: KnownVersions): KnownVersions {
  const pinned = objects
    .map(({ reference }) => reference)
    .filter(isPinned)
    .map(referenceKey)
  return new Map([...before].filter(([key]) => pinned.includes(key)))
}

const isPinned = ({ version }: ObjectReference): boolean => version !== undefined

/** FetchOutcomes for the versions that needn't be asked for: a template may have one beside a value that is new. */
export function knownOutcomes(
  objects: readonly WantedObject[],
  known: KnownVersions,
): FetchOutcomes {
  const outcomes: [string, Extract<ReturnType<FetchOutcomes['get']>, { kind: 'fetched' }>][] = []
  for (const { reference, versions } of objects) {
    const found = isPinned(reference) ? known.get(referenceKey(reference)) : undefined
    if (versions === undefined && found !== undefined)
      outcomes.push([objectKey(reference), { kind: 'fetched', found: [found] }])
  }
  return new Map(outcomes)
}

/** Whether an object is a version whose targets have all that it can give them. */
export function isFinal(
  { reference, versions }: WantedObject,
  state: { readonly config: AgentConfig; readonly content: Content; readonly known: KnownVersions },
): boolean {
  if (!isPinned(reference) || versions !== undefined) return false
  const key = objectKey(reference)
  if (state.known.has(key)) return true
  const isOurs = (wanted: WantedValue & { readonly versions?: number }) =>
    objectKey(wanted.object, wanted) === key
  const { config, content } = state
  return (
    config.files.filter(isOurs).every((file) => hasRequiredFiles(file, content.files)) &&
    config.env.filter(isOurs).every(({ variable }) => content.env.has(variable)) &&
    // After a restart the other values of a template would wait for this one.
    config.templates
      .filter(({ segments }) => segmentValues(segments).some(isOurs))
      .every(
        ({ path, segments }) =>
          content.files.has(path) &&
          segmentValues(segments).every(({ object }) => isPinned(object)),
      )
  )
}
