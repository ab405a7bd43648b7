import type { Clock } from '../../lib/clock.ts'
import type { Account } from '../request/account.ts'

/** As client-go bounds Events: so many at once, and then one in so much time. */
const burst = 25
const refillMs = 5 * 60_000

export interface EventBudget {
  /** Whether one more Event may be written for an account now. If so, it counts as written. */
  take(account: Pick<Account, 'namespace' | 'name'>): boolean
}

/**
 * Bounds the Events for each account by a token bucket. Whoever may change an account, or delete and create it, could
 * otherwise have the controller write Events without end.
 */
export function createEventBudget({ now }: Pick<Clock, 'now'>): EventBudget {
  /** By account, until when its bucket is being refilled; one that is full isn't kept. */
  const fullAtMs = new Map<string, number>()
  return {
    take({ namespace, name }) {
      const nowMs = now()
      for (const [key, atMs] of fullAtMs) if (atMs <= nowMs) fullAtMs.delete(key)
      const key = `${namespace}/${name}`
      const atMs = (fullAtMs.get(key) ?? nowMs) + refillMs
      if (atMs - nowMs > burst * refillMs) return false
      fullAtMs.set(key, atMs)
      return true
    },
  }
}
