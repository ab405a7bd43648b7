import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import { reasonOf } from '../../lib/reason-of.ts'
import { forEachInSlices } from '../pace/in-slices.ts'
import type { ApiServerOutage } from './api-server-outage.ts'
import { KindAbsentError, type WatchOptions } from './cluster-port.ts'

interface Watched {
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

interface WatchLoop<T> {
  readonly kind: string
  readonly namespace: string
  readonly list: (namespace: string) => Promise<ObjectList<T>>
  readonly watch: (options: WatchOptions<T>) => Promise<string>
  readonly seen: Seen<T>
  /** Called after each list, when all objects are known. */
  readonly onListed: () => void
  /** Called when a list failed because the cluster doesn't know the kind. */
  readonly onAbsent?: () => void
  /** Called when a list or a watch failed for any other reason, twice in a row or more. */
  readonly onFailed?: () => void
  /** Whether to list again, asked after each watch. */
  readonly shouldListAgain?: () => boolean
  readonly outage: ApiServerOutage
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** What takes the objects of lists and watches. */
interface Seen<T> {
  readonly note: (object: T) => void
  readonly drop: (name: string, object: T) => void
  readonly replace: (list: ObjectList<T>) => Promise<void>
}

interface WatchObjects<T extends Watched> extends Omit<WatchLoop<T>, 'seen'> {
  /** Called for each object that is new or has changed. False asks to get it again with the next list. */
  readonly onObject: (object: T) => boolean | undefined
  readonly onGone: (name: string) => void
}

const firstPauseMs = 1_000
const longestPauseMs = 30_000
/** How often to look for a kind that the cluster doesn't know. */
const absentPauseMs = 60_000
export const backoff = { firstMs: firstPauseMs, longestMs: longestPauseMs, jitter: 'half' } as const

/** Reports the objects of one kind in a namespace until `signal` aborts. */
export const watchObjects = <T extends Watched>(options: WatchObjects<T>): Promise<void> =>
  followAll({ ...options, seen: seenObjects(options) })

/**
 * Follows the objects of a collection until `signal` aborts: first a list, then watches, each of which continues where the
 * previous one ended. After any failure, such as an outage of the API server or an expired version, it lists again.
 */
export async function followAll<T>(options: WatchLoop<T>): Promise<void> {
  const { outage, clock, signal, seen } = options
  const health = watchHealth(options)
  while (!signal.aborted) {
    try {
      const list = await options.list(options.namespace)
      await seen.replace(list)
      options.onListed()
      health.listed()
      await watchFrom(list.resourceVersion, { options, health })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof KindAbsentError) {
        await seen.replace({ objects: [], resourceVersion: '' })
        options.onAbsent?.()
        health.absent()
        await clock.sleep(absentPauseMs, signal)
        continue
      }
      if (await outage.explains(error)) {
        await outage.over()
        continue
      }
      const failures = health.failed(error)
      // After a single failure, all objects are most likely known in a second.
      if (failures > 1) options.onFailed?.()
      await clock.sleep(backoffMs({ ...backoff, failures, clock }), signal)
    }
  }
}

/** Watches again and again, until a watch fails or `signal` aborts. */
async function watchFrom<T>(
  resourceVersion: string,
  { options, health }: { options: WatchLoop<T>; health: WatchHealth },
): Promise<void> {
  const { namespace, seen, watch, shouldListAgain, clock, signal } = options
  let version = resourceVersion
  while (!signal.aborted) {
    const startedAtMs = clock.now()
    version = await watch({
      namespace,
      resourceVersion: version,
      onOpen: health.opened,
      onObject: seen.note,
      onGone: seen.drop,
      signal,
    })
    health.ended()
    if (shouldListAgain?.()) return
    // If the API server ends watches at once, we must not send a thousand requests per second.
    if (!signal.aborted)
      await clock.sleep(Math.max(0, firstPauseMs - (clock.now() - startedAtMs)), signal)
  }
}

type WatchHealth = ReturnType<typeof watchHealth>

type WatchSubject = Pick<WatchLoop<Watched>, 'kind' | 'namespace' | 'clock' | 'log'>

/** Counts consecutive failures. Logs when watching keeps failing, and when it works again. */
export function watchHealth(subject: WatchSubject) {
  const { clock } = subject
  const report = watchReport(subject)
  let failures = 0
  let listedAtMs = Number.POSITIVE_INFINITY
  return {
    listed(): void {
      report.present()
      listedAtMs = clock.now()
    },
    opened: report.restored,
    ended(): void {
      failures = 0
    },
    absent(): void {
      failures = 0
      report.absent()
    },
    /** @returns how many times in a row it has failed */
    failed(error: unknown): number {
      // If a watch worked for a while, earlier failures no longer count.
      failures = clock.now() - listedAtMs > longestPauseMs ? 1 : failures + 1
      listedAtMs = Number.POSITIVE_INFINITY
      if (failures === 2) report.blind(error)
      return failures
    },
  }
}

/** Logs each state of a watch once, until it changes. */
function watchReport({ kind, namespace, log }: WatchSubject) {
  /** Whether it has been logged that the objects can't be watched. */
  let isBlind = false
  /** Whether it has been logged that the cluster doesn't know the kind. */
  let isAbsent = false
  return {
    blind(error: unknown): void {
      if (!isBlind)
        log.warn(`cannot watch objects of kind ${kind}`, { namespace, ...details(error) })
      isBlind = true
    },
    restored(): void {
      if (isBlind) log.info(`${kind} watch restored`, { namespace })
      isBlind = false
    },
    absent(): void {
      if (!isAbsent)
        log.info(`this cluster has no kind ${kind}; looking for it again`, { namespace })
      isAbsent = true
    },
    present(): void {
      isAbsent = false
    },
  }
}

const details = (error: unknown) => ({
  ...(error instanceof AkvError && { code: error.code }),
  reason: reasonOf(error),
})

/** Takes the objects of lists and watches, and reports those that have changed. */
function seenObjects<T extends Watched>(
  options: Pick<WatchObjects<T>, 'onObject' | 'onGone'>,
): Seen<T> {
  const { note, drop, names } = deliveredObjects(options)
  return {
    note,
    drop,
    async replace({ objects }) {
      const listed = new Set(objects.map(({ name }) => name))
      const removed = names().filter((name) => !listed.has(name))
      await forEachInSlices(removed, drop)
      await forEachInSlices(objects, note)
    },
  }
}

/** The objects that have been delivered, to find out from a new list which ones have changed. */
export function deliveredObjects<T extends Watched>({
  onObject,
  onGone,
}: Pick<WatchObjects<T>, 'onObject' | 'onGone'>) {
  const delivered = new Map<string, Pick<Watched, 'uid' | 'resourceVersion'>>()
  function drop(name: string): void {
    if (delivered.delete(name)) onGone(name)
  }
  return {
    /** Delivers an object, if it is new or has changed. */
    note(object: T): void {
      const { name, uid, resourceVersion } = object
      const before = delivered.get(name)
      if (before?.resourceVersion === resourceVersion) return
      // No watch was open when it was deleted and created again. Nothing that is known of the earlier one is true of it.
      if (before && before.uid !== uid) drop(name)
      const isKept = onObject(object) !== false
      delivered.set(name, { uid, resourceVersion: isKept ? resourceVersion : '' })
    },
    drop,
    names: (): readonly string[] => [...delivered.keys()],
    /** Delivers all objects again when they are noted next. */
    forgetVersions(): void {
      for (const [name, { uid }] of delivered) delivered.set(name, { uid, resourceVersion: '' })
    },
  }
}
