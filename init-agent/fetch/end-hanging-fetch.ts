import { hangGraceSeconds } from '../../delivery/contract.ts'
import type { Deadline } from '../../delivery/projection/deadline.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'

/**
 * Waits for a first fetch, but gives up if it still runs well after its deadline. Nothing else would end it: the startup
 * probe allows for the time that a throttled vault takes, and an init container has no probe.
 *
 * @throws AkvError AKV_NETWORK if it gave up; also whatever `fetch` throws
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
        throw new AkvError(
          'AKV_NETWORK',
          `the first fetch was still running ${hangGraceSeconds} s after its time was over`,
        )
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
