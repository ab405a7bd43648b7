import pLimit from 'p-limit'
import type { FetchedObject } from '../../keyvault/clients/object-client.ts'
import type { ObjectReader } from '../../keyvault/readers/object-reader.ts'
import { isAmbiguous, pickVersions } from '../../keyvault/readers/version-history.ts'
import { type ReaderRequest, wrapReader } from '../../keyvault/readers/wrap-reader.ts'
import { describeObject, referenceKey } from '../../keyvault/reference.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Deadline } from './deadline.ts'
import { retry } from './retry.ts'
import { type WantedObject, wantedKey } from './wanted-objects.ts'

/** A vault accepts 4,000 requests in 10 s. This lower limit suits the pod, which has a small share of a CPU. */
export const maxConcurrentRequests = 10

/** One object, or the versions of its history with the newest first. Never empty. */
export type FoundVersions = readonly [FetchedObject, ...FetchedObject[]]

export type FetchOutcome =
  | { readonly kind: 'fetched'; readonly found: FoundVersions }
  /** The object was deleted, never existed, or is disabled. */
  | { readonly kind: 'absent'; readonly error: AkvError }
  | { readonly kind: 'failed'; readonly error: AkvError }

/** By `objectKey`. */
export type FetchOutcomes = ReadonlyMap<string, FetchOutcome>

export interface FetchObjectsOptions {
  readonly objects: readonly WantedObject[]
  /** Versions that were fetched before, by `referenceKey`. A version never changes, so they aren't requested again. */
  readonly known?: ReadonlyMap<string, FetchedObject>
  readonly reader: ObjectReader
  readonly clock: Clock
  /** After it, nothing is retried and no first try starts. If it has passed already, each object is tried once. */
  readonly deadline: Deadline
  /** Called with each failure that is going to be retried. */
  readonly onRetry: (vault: string, error: AkvError) => void
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Fetches each object once, several at a time, with retries. After a permanent failure nothing is retried any more,
 * but each object still gets its first try, so that the user sees all errors at once.
 */
export async function fetchObjects(options: FetchObjectsOptions): Promise<FetchOutcomes> {
  const { objects, signal } = options
  const permanentFailure = new AbortController()
  const stopRetrying = AbortSignal.any([signal, permanentFailure.signal])
  const reader = readEachOnce(retryRequests(options, stopRetrying), options)
  const fetchOne = async (object: WantedObject): Promise<FetchOutcome> => {
    try {
      return { kind: 'fetched', found: await readVersions(object, { reader, signal }) }
    } catch (thrown) {
      const error = toAkvError(thrown)
      const isAbsent = isAbsence(error)
      if (isAbsent ? object.isRequired : !error.facts.isRetryable) permanentFailure.abort()
      return { kind: isAbsent ? 'absent' : 'failed', error }
    }
  }
  const outcomes = objects.map(
    async (object) => [wantedKey(object), await fetchOne(object)] as const,
  )
  return new Map(await Promise.all(outcomes))
}

/** A reader that retries until the deadline, and bounds how many requests are in flight. */
function retryRequests(options: FetchObjectsOptions, stopRetrying: AbortSignal): ObjectReader {
  const { reader, clock, deadline, onRetry } = options
  const limit = pLimit(maxConcurrentRequests)
  const hasTime = deadline.atMs() > clock.now()
  return wrapReader(reader, (request, send) => {
    let lastError: AkvError | undefined
    const attempt = () => {
      // The request may have waited for its turn until the deadline.
      if (hasTime && clock.now() >= deadline.atMs()) throw lastError ?? overdue(request)
      return send()
    }
    const onFailure = (error: AkvError) => {
      lastError = error
      onRetry(request.vault, error)
    }
    return retry(() => limit(attempt), { clock, deadline, signal: stopRetrying, onFailure })
  })
}

const overdue = ({ vault, title }: ReaderRequest): AkvError =>
  new AkvError('AKV_NETWORK', `${title}: the timeout was over before vault ${vault} could be asked`)

/** A reader that requests each object and version once, however often it is read, and known versions never. */
function readEachOnce(
  reader: ObjectReader,
  { known, log }: Pick<FetchObjectsOptions, 'known' | 'log'>,
): ObjectReader {
  const read: ObjectReader['read'] = async (reference, signal) => {
    const object = await reader.read(reference, signal)
    log.debug('fetched', { object: describeObject(reference), version: object.version })
    return object
  }
  const objects = new Map<string, Promise<FetchedObject>>()
  return {
    listVersions: reader.listVersions,
    secretPages: reader.secretPages,
    read(reference, signal) {
      const key = referenceKey(reference)
      const before = known?.get(key)
      const object =
        objects.get(key) ?? (before ? Promise.resolve(before) : read(reference, signal))
      objects.set(key, object)
      return object
    },
  }
}

async function readVersions(
  { reference, versions }: WantedObject,
  { reader, signal }: Pick<FetchObjectsOptions, 'reader' | 'signal'>,
): Promise<FoundVersions> {
  if (versions === undefined) return [await reader.read(reference, signal)]
  const listed = await reader.listVersions(reference, signal)
  const { version: _, ...newestReference } = reference
  const newest = isAmbiguous(listed)
    ? await reader.read(newestReference, signal).catch(undefinedIfAbsent)
    : undefined
  const picked = pickVersions(listed, reference, { count: versions, newest: newest?.version })
  const [first, ...older] = await Promise.all(
    picked.map((version) => reader.read({ ...reference, version }, signal)),
  )
  if (first === undefined) throw new TypeError('a history without a version')
  return [first, ...older]
}

/** The newest version may be disabled, which leaves it out of the history. Any other failure leaves the order unknown. */
function undefinedIfAbsent(error: unknown): undefined {
  if (!isAbsence(toAkvError(error))) throw error
}

const isAbsence = ({ code }: AkvError): boolean =>
  code === 'AKV_OBJECT_NOT_FOUND' || code === 'AKV_OBJECT_DISABLED'
