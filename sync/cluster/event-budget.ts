import type { Clock } from '../../lib/clock.ts'
import type { Account } from '../request/account.ts'

/** The limits of client-go: a burst, then one Event per interval. */
const burst = 25
const refillMs = 5 * 60_000

export interface EventBudget {
  /** Takes one Event from the account's budget. False if it is used up. */
  take(account: Pick<Account, 'namespace' | 'name'>): boolean
}

/**
 * Limits the Events of each account with a token bucket. Otherwise anyone who may change an account, or delete and
 * create it, could make the controller write Events without end.
 */
export function createEventBudget({ now }: Pick<Clock, 'now'>): EventBudget {
  /** When each account's bucket will be full again. */
  const fullAtMs = new Map<string, number>()
  let sweepAtMs = now() + refillMs
  /** Full buckets aren't kept for long. Looking through all of them each time would cost too much with thousands of accounts. */
  function sweep(nowMs: number): void {
    if (nowMs < sweepAtMs) return
    sweepAtMs = nowMs + refillMs
    for (const [key, atMs] of fullAtMs) if (atMs <= nowMs) fullAtMs.delete(key)
  }
  return {
    take({ namespace, name }) {
      const nowMs = now()
      sweep(nowMs)
      const key = `${namespace}/${name}`
      const atMs = Math.max(fullAtMs.get(key) ?? 0, nowMs) + refillMs
      if (atMs - nowMs > burst * refillMs) return false
      fullAtMs.set(key, atMs)
      return true
    },
  }
}
