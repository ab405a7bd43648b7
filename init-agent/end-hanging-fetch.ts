import type { Clock } from '../lib/clock.ts'
import { AkvError } from '../lib/errors/akv-error.ts'
import { hangGraceSeconds } from './contract.ts'
import type { Deadline } from './projection/deadline.ts'

/**
 * Ends a first fetch that is still running well after its deadline. The startup probe is patient enough for a throttled
 * vault, and an init container has no probe, so nobody else would.
 *
 * @throws AkvError AKV_NETWORK; also whatever `fetch` fails with
 */
export async function endHangingFetch<T>(
  fetch: Promise<T>,
  { clock, deadline }: { readonly clock: Clock; readonly deadline: Deadline },
): Promise<T> {
  const ended = new AbortController()
  const watch = async (): Promise<T> => {
    for (;;) {
      const leftMs = deadline.atMs() + hangGraceSeconds * 1000 - clock.now()
      if (leftMs <= 0)
        throw new AkvError({
          code: 'AKV_NETWORK',
          message: `the first fetch was still running ${hangGraceSeconds} s after its time was over`,
        })
      await clock.sleep(leftMs, ended.signal)
      if (ended.signal.aborted) return await fetch
    }
  }
  try {
    return await Promise.race([fetch, watch()])
  } finally {
    ended.abort()
  }
}
