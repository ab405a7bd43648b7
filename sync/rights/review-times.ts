import type { Clock } from '../../lib/clock.ts'
import { createTokenBuckets } from '../../lib/fair/token-buckets.ts'
import type { RightsState } from './describe-rights.ts'
import type { RightsChange } from './rights-change.ts'

/** For how long a namespace is reviewed out of turn after the last reason for it. */
const oftenMs = 60 * 60_000
/** How many of these reviews are quick ones: two minutes' worth, unless many namespaces share them. */
const quickCount = 24
/** Each namespace pays for its quick reviews: it can have these at once, and then one a minute. */
const quickReviews = { burst: 2 * quickCount, refillMs: 60_000 }
/**
 * When the next review follows, and the most in a second for all namespaces together. Whoever applies an account and its Role
 * together has done so after the quick pause. Between two reviews of a namespace, the queue's rest is longer than that.
 */
const paces = {
  quick: { pauseMs: 2_000, perSecond: 50 },
  slow: { pauseMs: 30_000, perSecond: 20 },
} as const
/** How often something that was forbidden is a reason for a review. */
const forbiddenMs = 60_000

interface Times {
  quickLeft: number
  oftenUntilMs: number
  forbiddenAtMs: number
  /** The pace at which the next review has been planned. Absent if it is a regular one. */
  planned: keyof typeof paces | undefined
}

/** What a review has found. */
export interface FoundRights {
  readonly change: RightsChange | undefined
  readonly state: RightsState | undefined
}

/**
 * Decides when the rights in a namespace are reviewed out of turn, because somebody may be about to grant them. Anybody can cause
 * such reviews, by what they request or by changing Roles. So each namespace can use up its own quick ones, and then it is
 * reviewed slowly; the others stay quick.
 */
export function createReviewTimes(clock: Pick<Clock, 'now'>) {
  const all = new Map<string, Times>()
  const budget = createTokenBuckets({ ...quickReviews, clock })
  const lines = { quick: createLine(clock, paces.quick), slow: createLine(clock, paces.slow) }
  function timesOf(namespace: string): Times {
    const known = all.get(namespace) ?? { ...never }
    all.set(namespace, known)
    return known
  }
  /** Plans a review before the one that is planned, if the namespace can pay for it. */
  function sooner(namespace: string, times: Times): number | undefined {
    if (times.planned === 'quick') return undefined
    const pace = budget.take(namespace) ? 'quick' : 'slow'
    if (pace === times.planned) return undefined
    times.planned = pace
    return lines[pace]()
  }
  function paceOf(
    namespace: string,
    { times, state }: { readonly times: Times; readonly state: RightsState | undefined },
  ): Times['planned'] {
    if (state === 'unknown') return 'slow'
    if (times.quickLeft > 0 && budget.take(namespace)) {
      times.quickLeft -= 1
      return 'quick'
    }
    return clock.now() < times.oftenUntilMs ? 'slow' : undefined
  }
  return {
    /**
     * Something asks for Secrets, and no account has been enabled for it.
     *
     * @returns after how many milliseconds to review; undefined if a review has been planned that is soon enough
     */
    asks(namespace: string): number | undefined {
      const times = timesOf(namespace)
      times.quickLeft = quickCount
      times.oftenUntilMs = clock.now() + oftenMs
      return sooner(namespace, times)
    },
    /** The API server has forbidden something. Returns what {@link asks} does. */
    forbidden(namespace: string): number | undefined {
      const times = timesOf(namespace)
      if (clock.now() - times.forbiddenAtMs < forbiddenMs) return undefined
      times.forbiddenAtMs = clock.now()
      return sooner(namespace, times)
    },
    /**
     * Plans the next review after one.
     *
     * @returns after how many milliseconds it is due; undefined if there is no reason for one out of turn
     */
    next(namespace: string, { change, state }: FoundRights): number | undefined {
      const times = timesOf(namespace)
      if (change === 'less') times.quickLeft = quickCount
      // If an account still waits, it asks again: each account of the namespace is read anew.
      if (change === 'more') Object.assign(times, { quickLeft: 0, oftenUntilMs: 0 })
      if (change === 'less' || state === 'lacking' || state === 'unnamed')
        times.oftenUntilMs = clock.now() + oftenMs
      times.planned = paceOf(namespace, { times, state })
      return times.planned && lines[times.planned]()
    },
    delete: (namespace: string) => void all.delete(namespace),
  }
}

const never: Times = {
  quickLeft: 0,
  oftenUntilMs: 0,
  forbiddenAtMs: Number.NEGATIVE_INFINITY,
  planned: undefined,
}

/** Spreads reviews over time. Returns after how long the next one is due. */
function createLine(
  clock: Pick<Clock, 'now'>,
  { pauseMs, perSecond }: { readonly pauseMs: number; readonly perSecond: number },
): () => number {
  let freeAtMs = 0
  return () => {
    const atMs = Math.max(clock.now() + pauseMs, freeAtMs)
    freeAtMs = atMs + 1000 / perSecond
    return atMs - clock.now()
  }
}
