import type { Clock } from '../../lib/clock.ts'
import { createTokenBuckets } from '../../lib/fair/token-buckets.ts'
import type { Log } from '../../lib/log/log.ts'
import { describeRights, type KnownRights, type RightsState, stateOf } from './describe-rights.ts'

/** The lines of a log that anybody can cause by writing Roles. */
const lines = { burst: 50, refillMs: 30_000 }

/** Logs each sentence about a namespace once, until it changes. */
export function createRightsReport({
  clock,
  log,
}: {
  readonly clock: Pick<Clock, 'now'>
  readonly log: Log
}) {
  const said = new Map<string, string>()
  const budget = createTokenBuckets({ ...lines, clock })
  return {
    changed(namespace: string, known: KnownRights): void {
      const sentence = describeRights(known)
      const before = said.get(namespace)
      if (sentence === before) return
      if (sentence === undefined) said.delete(namespace)
      else said.set(namespace, sentence)
      const level = budget.take('') ? (sentence === undefined ? 'info' : 'warn') : 'debug'
      log[level](sentence ?? 'the namespace is in order again', { namespace })
    },
    gone: (namespace: string) => void said.delete(namespace),
    counts(all: Iterable<KnownRights>): ReadonlyMap<RightsState, number> {
      const counts = new Map<RightsState, number>()
      for (const known of all) {
        const state = stateOf(known)
        if (state !== undefined) counts.set(state, (counts.get(state) ?? 0) + 1)
      }
      return counts
    },
  }
}
