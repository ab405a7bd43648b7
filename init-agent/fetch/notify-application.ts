import { request } from 'node:http'
import type { Clock } from '../../lib/clock.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'

const timeoutMs = 5_000
/** Before the second and the third try. The application may be restarting. */
const waitsMs = [1_000, 2_000]

/**
 * Notifies the application that its files have changed, by an empty POST.
 *
 * @param url - `http://127.0.0.1:PORT/PATH`, checked by `isNotifyUrl`
 * @param options - `isRepeated`: whether it hasn't accepted the notification before. Then there is one try, otherwise three.
 * @returns AKV_NOTIFY_FAILED if no try was answered with 2xx
 */
export async function notifyApplication(
  url: string,
  options: {
    readonly clock: Clock
    readonly signal: AbortSignal
    readonly isRepeated: boolean
  },
): Promise<AkvError | undefined> {
  const { clock, signal, isRepeated } = options
  for (const waitMs of [...(isRepeated ? [] : waitsMs), undefined]) {
    try {
      await post(url, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      return undefined
    } catch (error) {
      if (waitMs === undefined || signal.aborted) return toAkvError(error)
      await clock.sleep(waitMs, signal)
    }
  }
  return undefined
}

function post(url: string, signal: AbortSignal): Promise<void> {
  const failed = (what: string) =>
    new AkvError(
      'AKV_NOTIFY_FAILED',
      `the application did not accept the notification: POST ${url}: ${what}`,
    )
  return new Promise((resolve, reject) => {
    // Not the global agent, which may send this through a proxy (NODE_USE_ENV_PROXY).
    const posted = request(url, { method: 'POST', agent: false, signal }, (response) => {
      const status = response.statusCode ?? 0
      response.destroy()
      if (status >= 200 && status < 300) resolve()
      else reject(failed(`HTTP ${status}`))
    })
    posted.on('error', (error) => {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
      reject(failed(code))
    })
    posted.end()
  })
}
