import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import type { AgentConfig, WantedValue } from '../contract.ts'
import { hasRequiredFiles } from './compare-content.ts'
import type { FetchOutcome, FetchOutcomes } from './fetch-objects.ts'
import type { Content } from './project-content.ts'
import { objectKey, segmentValues, type WantedObject } from './wanted-objects.ts'

/** Versions that this process has fetched, by `referenceKey`. A version never changes, so it isn't fetched again. */
export type KnownVersions = ReadonlyMap<string, FetchedObject>

/**
 * The versions to keep after a refresh: those that the configuration pins, and those of each history.
 *
 * @param refresh - `outcomes`: what was fetched; `before`: the versions kept until now
 */
export function rememberVersions(
  objects: readonly WantedObject[],
  refresh: { readonly outcomes: FetchOutcomes; readonly before: KnownVersions },
): KnownVersions {
  const { outcomes, before } = refresh
  const histories = objects.filter(({ versions }) => versions !== undefined)
  const isComplete = histories.every(
    (object) => outcomes.get(objectKey(object.reference, object))?.kind === 'fetched',
  )
  // A history that wasn't fetched this time still needs its versions the next time.
  const known = new Map(isComplete ? pinnedVersions(objects, before) : before)
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

function pinnedVersions(objects: readonly WantedObject[], known: KnownVersions): KnownVersions {
  const pinned = objects
    .map(({ reference }) => reference)
    .filter(isPinned)
    .map(referenceKey)
  return new Map([...known].filter(([key]) => pinned.includes(key)))
}

const isPinned = ({ version }: ObjectReference): boolean => version !== undefined

/** Outcomes for the pinned versions that are known: a template may combine one with a new value. */
export function knownOutcomes(
  objects: readonly WantedObject[],
  known: KnownVersions,
): FetchOutcomes {
  const outcomes = new Map<string, FetchOutcome>()
  for (const { reference, versions } of objects) {
    const found = isPinned(reference) ? known.get(referenceKey(reference)) : undefined
    if (versions === undefined && found !== undefined)
      outcomes.set(objectKey(reference), { kind: 'fetched', found: [found] })
  }
  return outcomes
}

/** Whether an object needs no refresh any more: it is a pinned version, and all its targets are in place. */
export function isFinal(
  { reference, versions }: WantedObject,
  state: { readonly config: AgentConfig; readonly content: Content; readonly known: KnownVersions },
): boolean {
  if (!isPinned(reference) || versions !== undefined) return false
  const key = objectKey(reference)
  if (state.known.has(key)) return true
  const isOfObject = (wanted: WantedValue & { readonly versions?: number }) =>
    objectKey(wanted.object, wanted) === key
  const { config, content } = state
  return (
    config.files.filter(isOfObject).every((file) => hasRequiredFiles(file, content.files)) &&
    config.env.filter(isOfObject).every(({ variable }) => content.env.has(variable)) &&
    // After a restart this version isn't known, and a template can't be written again without it.
    config.templates
      .filter(({ segments }) => segmentValues(segments).some(isOfObject))
      .every(
        ({ path, segments }) =>
          content.files.has(path) &&
          segmentValues(segments).every(({ object }) => isPinned(object)),
      )
  )
}
