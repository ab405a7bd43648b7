import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/log.ts'
import type { ApiServerOutage } from '../cluster/api-server-outage.ts'
import { KindAbsentError, type KindRequests } from '../cluster/cluster-port.ts'
import { backoff, watchHealth } from '../cluster/watch-objects.ts'
import type { Followed, Member } from './member.ts'

interface OwnListsOptions<T extends Followed> {
  readonly kind: string
  readonly requests: Pick<KindRequests<T>, 'list'>
  /** How long to wait before the objects of a member are listed again; undefined if once is enough. */
  readonly pauseMs: (member: Member<T>) => number | undefined
  readonly outage: ApiServerOutage
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** The pause between two lists of a member, and after the kind was found to be absent. */
const firstPauseMs = 1_000
const absentPauseMs = 60_000

export type OwnLists<T extends Followed> = ReturnType<typeof createOwnLists<T>>

/** Lists the objects of single members, beside any watch. */
export function createOwnLists<T extends Followed>(options: OwnListsOptions<T>) {
  const { pauseMs, clock } = options
  const running = new Map<Member<T>, Promise<void>>()
  const wanted = new Set<Member<T>>()

  async function run(member: Member<T>): Promise<void> {
    const signal = AbortSignal.any([options.signal, member.signal])
    const listed = lister(member, options)
    while (!signal.aborted) {
      wanted.delete(member)
      const afterMs =
        (await listed(signal)) ?? (wanted.has(member) ? firstPauseMs : pauseMs(member))
      if (afterMs === undefined) break
      await clock.sleep(afterMs, signal)
    }
    running.delete(member)
  }
  return {
    /** Lists the objects of a member, at once or when its list that is running has ended. */
    request(member: Member<T>): void {
      wanted.add(member)
      if (!running.has(member)) running.set(member, run(member))
    },
    async ended(): Promise<void> {
      while (running.size > 0) await Promise.all(running.values())
    },
  }
}

/** Returns a function that lists the objects of a member once. It returns the pause before the next attempt; undefined if none is needed. */
function lister<T extends Followed>(
  member: Member<T>,
  { kind, requests, outage, clock, log }: OwnListsOptions<T>,
): (signal: AbortSignal) => Promise<number | undefined> {
  const { namespace, sink } = member
  const health = watchHealth({ kind, namespace, clock, log })
  return async (signal) => {
    const listing = member.beginList()
    try {
      const reduce = sink.reducer?.()
      const list = await requests.list(namespace, (object) =>
        reduce === undefined || signal.aborted ? object : reduce(object),
      )
      if (signal.aborted || member.isOutdated(list)) return undefined
      const isWhole = await member.replace(list, listing)
      health.listed()
      health.opened()
      if (!isWhole) return firstPauseMs
      sink.onListed()
      return undefined
    } catch (error) {
      if (signal.aborted) return undefined
      if (error instanceof KindAbsentError) {
        await member.replace({ objects: [], resourceVersion: '' })
        sink.onAbsent?.()
        health.absent()
        return absentPauseMs
      }
      if (await outage.explains(error)) {
        await outage.over()
        return 0
      }
      const failures = health.failed(error)
      if (failures > 1) sink.onFailed?.()
      return backoffMs({ ...backoff, failures, clock })
    } finally {
      member.dropList(listing)
    }
  }
}
