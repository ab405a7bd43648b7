import pLimit from 'p-limit'
import { AkvError, toAkvError } from '../keyvault/errors.ts'
import { describeObject, type ObjectReference, referenceKey } from '../keyvault/reference.ts'
import type { ReadSecret } from '../keyvault/secrets.ts'
import type { Clock } from './clock.ts'
import type { Log } from './log.ts'
import { retry } from './retry.ts'

/** A vault takes 4,000 requests in 10 s; what bounds this is the pod's own small share of a CPU. */
const maxSideBySide = 10

export interface WantedObject {
  readonly reference: ObjectReference
  /** Some target can't do without it: its absence is an error, and a hopeless one. */
  readonly isRequired: boolean
}

/** What became of one object. `absent`: deleted, never there, or disabled. */
export type Outcome =
  | { readonly kind: 'fetched'; readonly value: Uint8Array; readonly version?: string }
  | { readonly kind: 'absent'; readonly error: AkvError }
  | { readonly kind: 'failed'; readonly error: AkvError }

/** By `referenceKey`. */
export type Outcomes = ReadonlyMap<string, Outcome>

export interface FetchOptions {
  readonly objects: readonly WantedObject[]
  readonly read: ReadSecret
  readonly clock: Clock
  /** When retrying ends, in milliseconds since 1970. In the past: one try each. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly log: Log
}

/**
 * Fetches each object once, side by side, with retries. One that is hopeless ends the retrying of all, but not their
 * first tries: whoever has to correct something learns of everything at once.
 */
export async function fetchObjects(options: FetchOptions): Promise<Outcomes> {
  const { objects, clock, deadlineMs, log } = options
  const limit = pLimit(maxSideBySide)
  const read = pausingReader(options)
  const hopeless = new AbortController()
  const signal = AbortSignal.any([options.signal, hopeless.signal])

  const told = new Set<string>()
  const tell = ({ vault }: ObjectReference, error: AkvError) => {
    const kind = `${vault} ${error.code}`
    // The first of a kind at once; forty more objects that wait for the same role would drown it.
    log[told.has(kind) ? 'debug' : 'warn'](error.message, { code: error.code })
    told.add(kind)
  }

  const fetchOne = async ({ reference, isRequired }: WantedObject): Promise<Outcome> => {
    try {
      const found = await retry(() => limit(() => read(reference)), {
        clock,
        deadlineMs,
        signal,
        onFailure: (error) => tell(reference, error),
      })
      log.debug('fetched', { object: describeObject(reference), version: found.version })
      return { kind: 'fetched', ...found, value: Buffer.from(found.value) }
    } catch (thrown) {
      const error = toAkvError(thrown)
      const isAbsent = error.code === 'AKV_OBJECT_NOT_FOUND' || error.code === 'AKV_OBJECT_DISABLED'
      if (isAbsent ? isRequired : !error.facts.heals) hopeless.abort()
      return { kind: isAbsent ? 'absent' : 'failed', error }
    }
  }
  const outcomes = objects.map(
    async (object) => [referenceKey(object.reference), await fetchOne(object)] as const,
  )
  return new Map(await Promise.all(outcomes))
}

/** A 429 is the vault's, not the object's: until it is over, nobody asks that vault. */
function pausingReader({ read, clock, signal }: FetchOptions) {
  const pausedUntilMs = new Map<string, number>()
  return async (reference: ObjectReference) => {
    const { vault } = reference
    const retryAfterMs = (pausedUntilMs.get(vault) ?? 0) - clock.now()
    if (retryAfterMs > 0)
      throw new AkvError({
        code: 'AKV_THROTTLED',
        message: `${describeObject(reference)}: vault ${vault} has asked for a pause`,
        retryAfterMs,
      })
    try {
      return await read(reference, signal)
    } catch (error) {
      if (error instanceof AkvError && error.code === 'AKV_THROTTLED' && error.retryAfterMs)
        pausedUntilMs.set(vault, clock.now() + error.retryAfterMs)
      throw error
    }
  }
}
