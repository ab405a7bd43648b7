import { once } from 'node:events'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError, type AkvErrorCode, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import type { SyncCluster } from './cluster-port.ts'

/** Whether the API server serves the controller at all. */
export interface ApiServerOutage {
  /** Whether the API server is unavailable, as far as is known. */
  isOn(): boolean
  /**
   * Whether a request has failed because the API server is unavailable, and not only for one namespace or object. If that
   * isn't known yet, asks the API server, unless the controller stops.
   *
   * @param error - what the request threw
   */
  explains(error: unknown): Promise<boolean>
  /** Resolves when the API server is available, or when the controller stops. */
  over(): Promise<void>
}

interface OutageOptions {
  readonly cluster: Pick<SyncCluster, 'ping'>
  readonly clock: Pick<Clock, 'now' | 'sleep' | 'random'>
  readonly log: Log
  readonly signal: AbortSignal
}

/** The longest pause between two pings bounds how late the end of an outage is noticed. */
const backoff = { firstMs: 1_000, longestMs: 5_000, jitter: 'half' } as const
const unavailable: AkvErrorCode = 'AKV_CLUSTER_UNAVAILABLE'

/**
 * Notices when the API server becomes unavailable, and when it is back. Otherwise, each of thousands of accounts would find out by
 * itself, again with each retry.
 *
 * A request that has failed isn't enough: whoever owns a namespace can make requests for it fail with any status, or hang, for
 * example by an admission webhook. So only {@link SyncCluster.ping} decides, which nobody can influence from within a namespace.
 */
export class ApiServerPinger implements ApiServerOutage {
  readonly #options: OutageOptions
  #ended: Promise<void> | undefined
  #asking: Promise<boolean> | undefined

  constructor(options: OutageOptions) {
    this.#options = options
  }

  isOn(): boolean {
    return this.#ended !== undefined
  }

  async explains(error: unknown): Promise<boolean> {
    if (error instanceof AkvError && error.code !== unavailable) return false
    if (this.#ended !== undefined) return true
    if (this.#options.signal.aborted) return false
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined
    })
    return await this.#asking
  }

  async over(): Promise<void> {
    await this.#ended
  }

  async #ask(): Promise<boolean> {
    const reason = await problem(this.#options)
    if (reason === undefined) return false
    this.#options.log.warn('the API server is unavailable; pausing until it is back', {
      code: unavailable,
      reason,
    })
    this.#ended = this.#untilBack()
    return true
  }

  async #untilBack(): Promise<void> {
    const { clock, log, signal } = this.#options
    const sinceMs = clock.now()
    let failures = 0
    do {
      failures += 1
      await clock.sleep(backoffMs({ ...backoff, failures, clock }), signal)
    } while (!signal.aborted && (await problem(this.#options)) !== undefined)
    if (signal.aborted) return
    this.#ended = undefined
    const seconds = Math.round((clock.now() - sinceMs) / 1000)
    log.info('the API server is back; resuming', { seconds })
  }
}

/**
 * Why the API server is unavailable. Undefined if it answers, even if it forbids the request, or if the controller stops
 * meanwhile: a ping can hang for longer than a stop may take.
 */
async function problem({
  cluster,
  signal,
}: Pick<OutageOptions, 'cluster' | 'signal'>): Promise<string | undefined> {
  const answered = new AbortController()
  try {
    await Promise.race([cluster.ping(), once(signal, 'abort', { signal: answered.signal })])
    return undefined
  } catch (thrown) {
    const { code, message } = toAkvError(thrown)
    return code === unavailable ? message : undefined
  } finally {
    answered.abort()
  }
}
