import type { Clock } from '../../lib/clock.ts'
import { createTokenBuckets } from '../../lib/fair/token-buckets.ts'
import type { Account } from '../../requests/account/account.ts'

/** The limits of client-go: a burst, then one Event per interval. */
const burst = 25
const refillMs = 5 * 60_000

export interface EventBudget {
  /** Takes one Event from the account's budget. False if it is used up. */
  take(account: Pick<Account, 'namespace' | 'name'>): boolean
}

/**
 * Limits the Events of each account. Otherwise anyone who may change an account, or delete and create it, could make the
 * controller write Events without end.
 */
export function createEventBudget(clock: Pick<Clock, 'now'>): EventBudget {
  const buckets = createTokenBuckets({ burst, refillMs, clock })
  return { take: ({ namespace, name }) => buckets.take(`${namespace}/${name}`) }
}
