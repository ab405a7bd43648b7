import pLimit from 'p-limit'
import type { FetchedObject, ListedVersion } from '../../keyvault/clients/object-client.ts'
import type { ObjectReader } from '../../keyvault/object-reader.ts'
import { describeObject, type ObjectReference, referenceKey } from '../../keyvault/reference.ts'
import { hasTwins, pickVersions } from '../../keyvault/version-history.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { Deadline } from './deadline.ts'
import { retry } from './retry.ts'
import { objectKey, type WantedObject } from './wanted-objects.ts'

/** A vault takes 4,000 requests in 10 s; what bounds this is the pod's own small share of a CPU. */
const maxSideBySide = 10

/** What became of one object. `absent`: deleted, never there, or disabled. */
export type FetchOutcome =
  /** `found`: the one object, or the versions of its history, newest first; never empty. */
  | { readonly kind: 'fetched'; readonly found: readonly [FetchedObject, ...FetchedObject[]] }
  | { readonly kind: 'absent'; readonly error: AkvError }
  | { readonly kind: 'failed'; readonly error: AkvError }

/** By `objectKey`. */
export type FetchOutcomes = ReadonlyMap<string, FetchOutcome>

export interface FetchObjectsOptions {
  readonly objects: readonly WantedObject[]
  /** Versions fetched before, by `referenceKey`: they never change. */
  readonly known?: ReadonlyMap<string, FetchedObject>
  readonly reader: ObjectReader
  readonly clock: Clock
  /** When retrying ends, and no first try starts any more. In the past: one try each. */
  readonly deadline: Deadline
  /** Called with each failed try that is going to be repeated. */
  readonly onRetry: (vault: string, error: AkvError) => void
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Fetches each object once, side by side, with retries. A permanent failure ends the retrying of all, but not their
 * first tries: whoever has to correct something learns of everything at once.
 */
export async function fetchObjects(options: FetchObjectsOptions): Promise<FetchOutcomes> {
  const permanentFailure = new AbortController()
  const fetch = sharedFetch(options, AbortSignal.any([options.signal, permanentFailure.signal]))
  const fetchOne = async (object: WantedObject): Promise<FetchOutcome> => {
    try {
      return { kind: 'fetched', found: await findVersions(object, fetch) }
    } catch (thrown) {
      const error = toAkvError(thrown)
      const isAbsent = isGone(error)
      if (isAbsent ? object.isRequired : !error.facts.isRetryable) permanentFailure.abort()
      return { kind: isAbsent ? 'absent' : 'failed', error }
    }
  }
  const outcomes = options.objects.map(
    async (object) => [objectKey(object.reference, object), await fetchOne(object)] as const,
  )
  return new Map(await Promise.all(outcomes))
}

async function findVersions(
  { reference, versions }: WantedObject,
  fetch: SharedFetch,
): Promise<readonly [FetchedObject, ...FetchedObject[]]> {
  if (versions === undefined) return [await fetch.object(reference)]
  const listed = await fetch.list(reference)
  const { version: _, ...newestReference } = reference
  const newest = hasTwins(listed)
    ? await fetch.object(newestReference).catch(undefinedIfGone)
    : undefined
  const picked = pickVersions(listed, reference, { count: versions, newest: newest?.version })
  const found = await Promise.all(picked.map((version) => fetch.object({ ...reference, version })))
  const [first, ...older] = found
  if (first === undefined) throw new TypeError('a history without a version')
  return [first, ...older]
}

/** The newest of all may be disabled, and so no part of a history. Without an answer, though, the order isn't known. */
function undefinedIfGone(error: unknown): undefined {
  if (!isGone(toAkvError(error))) throw error
}

const isGone = ({ code }: AkvError): boolean =>
  code === 'AKV_OBJECT_NOT_FOUND' || code === 'AKV_OBJECT_DISABLED'

interface SharedFetch {
  object(reference: ObjectReference): Promise<FetchedObject>
  list(reference: ObjectReference): Promise<readonly ListedVersion[]>
}

/**
 * Calls with retries, a bounded number of them side by side, and none of them twice for the same object.
 *
 * @param signal - ends the retrying
 */
function sharedFetch(options: FetchObjectsOptions, signal: AbortSignal): SharedFetch {
  const { clock, deadline, log, reader, known, onRetry } = options
  const limit = pLimit(maxSideBySide)
  const isTimed = deadline.atMs() > clock.now()
  const persistently = <T>(reference: ObjectReference, call: () => Promise<T>): Promise<T> => {
    let last: AkvError | undefined
    const timely = () => {
      // It may have waited its turn until the time was over.
      if (isTimed && clock.now() >= deadline.atMs()) throw last ?? overdue(reference)
      return call()
    }
    const onFailure = (error: AkvError) => {
      last = error
      onRetry(reference.vault, error)
    }
    return retry(() => limit(timely), { clock, deadline, signal, onFailure })
  }
  const read = async (reference: ObjectReference): Promise<FetchedObject> => {
    const object = await persistently(reference, () => reader.read(reference, options.signal))
    log.debug('fetched', { object: describeObject(reference), version: object.version })
    return object
  }

  const running = new Map<string, Promise<FetchedObject>>()
  return {
    object(reference) {
      const key = referenceKey(reference)
      const before = known?.get(key)
      const object = running.get(key) ?? (before ? Promise.resolve(before) : read(reference))
      running.set(key, object)
      return object
    },
    list: (reference) =>
      persistently(reference, () => reader.listVersions(reference, options.signal)),
  }
}

/** Others were asked before, and took all the time there was. */
const overdue = (reference: ObjectReference): AkvError =>
  new AkvError({
    code: 'AKV_NETWORK',
    message: `${describeObject(reference)}: the timeout was over before vault ${reference.vault} could be asked`,
  })
