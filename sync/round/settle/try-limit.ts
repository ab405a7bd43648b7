import { createHash } from 'node:crypto'
import type { Content } from '../../../delivery/projection/project-content.ts'
import type { Clock } from '../../../lib/clock.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { createTokenBuckets } from '../../../lib/fair/token-buckets.ts'
import type { Composition } from '../../../requests/secret/composition.ts'
import { type SourceRef, sourceKey, sourceTitle } from '../../../requests/secret/source-ref.ts'
import { secretValuesError } from '../../plan/values-error.ts'

const minuteMs = 60_000
/** How often an ExternalSecret may fail: so often at once, then once in this time. */
const ofSource = { burst: 10, refillMs: 10 * minuteMs }
/** How often all ExternalSecrets of a namespace may fail: anyone who may create one can choose another name each time. */
const ofNamespace = { burst: 25, refillMs: 5 * minuteMs }

/** A Secret that is made of values, and these values. */
interface ComposedTry {
  readonly namespace: string
  /** The Secret's name. */
  readonly name: string
  readonly source: SourceRef
  readonly composition: Composition
  readonly files: Content['files']
  /** Whether the values don't fit beside those of older ExternalSecrets. */
  readonly isTooLarge: boolean
}

export type Try =
  | {
      readonly kind: 'allowed'
      /** Records how the try ended. Not called if it neither failed nor succeeded because of the values. */
      readonly ended: (result: 'failed' | 'done') => void
    }
  | { readonly kind: 'refused'; readonly error: AkvError }

/** Limits how often a Secret can be made in vain. */
export interface TryLimit {
  begin(secret: ComposedTry): Try
}

/**
 * Limits how often each ExternalSecret, and all of a namespace together, may fail because of their values. Each failure
 * answers a question about a value, and whoever writes the template chooses the question. The limit goes by name, so a
 * change doesn't reset it, nor does deleting the ExternalSecret and creating it again.
 *
 * A try that failed isn't repeated until the template or a value has changed, so it costs only once. What has been made
 * before is made again at each refresh, whatever others in the namespace do.
 */
export function createTryLimit(clock: Pick<Clock, 'now'>): TryLimit {
  const sources = createTokenBuckets({ ...ofSource, clock })
  const namespaces = createTokenBuckets({ ...ofNamespace, clock })
  /** The last failed try of each source. Their number is bounded, because each has taken a token of its namespace. */
  const failures = createFailures(clock)
  const made = new WeakSet<Composition>()
  return {
    begin(secret) {
      const { namespace, name, source, composition } = secret
      const key = `${namespace}/${sourceKey(source)}`
      if (failures.has(key, secret)) return { kind: 'refused', error: secretValuesError(name) }
      const hasTokens = sources.has(key) && namespaces.has(namespace)
      if (!hasTokens && !made.has(composition))
        return { kind: 'refused', error: tooManyTries(name, source) }
      return {
        kind: 'allowed',
        ended(result) {
          if (result === 'done') {
            made.add(composition)
            failures.delete(key)
            return
          }
          made.delete(composition)
          sources.take(key)
          namespaces.take(namespace)
          failures.set(key, { secret, untilMs: sources.fullAtMs(key) })
        },
      }
    },
  }
}

const tooManyTries = (name: string, source: SourceRef): AkvError =>
  new AkvError(
    'AKV_SYNC_VALUES',
    `Secret ${name}: ${sourceTitle(source)}, or others in its namespace, failed too often, so its changes wait; one of them is tried again within ${ofSource.refillMs / minuteMs} minutes`,
  )

function createFailures(clock: Pick<Clock, 'now'>) {
  const known = new Map<string, { readonly digest: string; readonly untilMs: number }>()
  return {
    delete: (key: string) => void known.delete(key),
    /** Whether this very try has failed. */
    has(key: string, secret: ComposedTry): boolean {
      const failure = known.get(key)
      return failure !== undefined && failure.digest === digestOf(secret)
    },
    set(key: string, failed: { readonly secret: ComposedTry; readonly untilMs: number }): void {
      const nowMs = clock.now()
      for (const [other, { untilMs }] of known) if (untilMs <= nowMs) known.delete(other)
      known.set(key, { digest: digestOf(failed.secret), untilMs: failed.untilMs })
    },
  }
}

/** Tells two tries apart. It stays in memory, and is never shown. */
function digestOf({ composition, files, isTooLarge }: ComposedTry): string {
  const hash = createHash('sha256').update(JSON.stringify([composition, isTooLarge], mapsAsLists))
  for (const [key, { bytes }] of files) hash.update(`\0${key}\0${bytes.length}\0`).update(bytes)
  return hash.digest('base64')
}

const mapsAsLists = (_key: string, value: unknown): unknown =>
  value instanceof Map ? [...value] : value
