import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import { type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import { type Target, targetsOf } from '../destination.ts'
import { neededValues } from '../needed-values.ts'
import { indexFiles } from './compare-content.ts'
import type { FetchOutcome, FetchOutcomes } from './fetch-objects.ts'
import type { Content, ProjectionConfig } from './project-content.ts'
import {
  neededObjectKeys,
  objectKey,
  segmentValues,
  type WantedObject,
  wantedKey,
} from './wanted-objects.ts'

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
    (object) => outcomes.get(wantedKey(object))?.kind === 'fetched',
  )
  // A history that wasn't fetched this time still needs its versions the next time.
  const known = new Map(isComplete ? pinnedVersions(objects, before) : before)
  for (const object of objects) {
    const { reference, versions } = object
    const outcome = outcomes.get(objectKey(reference, object))
    if (outcome?.kind !== 'fetched' || !(versions !== undefined || isFixed(object))) continue
    for (const found of outcome.found) {
      const version = versions === undefined ? reference.version : found.version
      if (version !== undefined) known.set(referenceKey({ ...reference, version }), found)
    }
  }
  return known
}

function pinnedVersions(objects: readonly WantedObject[], known: KnownVersions): KnownVersions {
  const keys = new Set(objects.filter(isFixed).map(({ reference }) => referenceKey(reference)))
  return new Map([...known].filter(([key]) => keys.has(key)))
}

/** Whether it never changes. Tags change without a new version. */
const isFixed = ({ reference, readsTags }: WantedObject): boolean =>
  isPinned(reference) && !readsTags

const isPinned = ({ version }: ObjectReference): boolean => version !== undefined

/** Outcomes for the pinned versions that are known: a template may combine one with a new value. */
export function knownOutcomes(
  objects: readonly WantedObject[],
  known: KnownVersions,
): FetchOutcomes {
  const outcomes = new Map<string, FetchOutcome>()
  for (const object of objects) {
    const { reference, versions } = object
    const found = isFixed(object) ? known.get(referenceKey(reference)) : undefined
    if (versions === undefined && found !== undefined)
      outcomes.set(objectKey(reference), { kind: 'fetched', found: [found] })
  }
  return outcomes
}

/** The objects that need no refresh any more, by `objectKey`: pinned versions whose targets are all in place. */
export function finalObjects(
  objects: readonly WantedObject[],
  state: {
    readonly config: ProjectionConfig
    readonly content: Content
    readonly known: KnownVersions
  },
): ReadonlySet<string> {
  const pinned = objects.filter((object) => isFixed(object) && object.versions === undefined)
  const keys = pinned.map(({ reference }) => objectKey(reference))
  const unknown = keys.filter((key) => !state.known.has(key))
  // Looks at the targets only if it must, because that takes a while with many of them.
  const unfinished = unknown.length > 0 ? unfinishedObjects(state) : new Set<string>()
  return new Set(keys.filter((key) => state.known.has(key) || !unfinished.has(key)))
}

/** Whether a key store can change although one of its objects is pinned. Then, as a template, it needs that one again. */
function isMixed(file: Target): boolean {
  const values = neededValues(file)
  return values.length > 1 && !values.every(({ object }) => isPinned(object))
}

/** The pinned objects that a target still needs, by `objectKey`. */
function unfinishedObjects({
  config,
  content,
}: {
  readonly config: ProjectionConfig
  readonly content: Content
}): ReadonlySet<string> {
  const hasRequiredFiles = indexFiles(content.files)
  const files = targetsOf(config).filter((file) => !hasRequiredFiles(file) || isMixed(file))
  const env = config.env.filter(({ variable }) => !content.env.has(variable))
  // After a restart the pinned version isn't known, and a template can't be written again without it.
  const values = config.templates
    .map(({ path, segments }) => ({ path, values: segmentValues(segments) }))
    .filter(
      ({ path, values }) =>
        !content.files.has(path) || !values.every(({ object }) => isPinned(object)),
    )
    .flatMap(({ values }) => values)
  return new Set([
    ...files.flatMap(neededObjectKeys),
    ...[...env, ...values].map(({ object }) => objectKey(object)),
  ])
}
