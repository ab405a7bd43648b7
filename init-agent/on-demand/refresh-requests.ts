import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log/log.ts'
import { awaitRequest, readRequestMark, requestAfter, requestDelayMs } from './request-file.ts'

interface RequestsOptions {
  /** The folder that contains the mounts. */
  readonly root: string
  readonly clock: Clock
  readonly log: Log
  /** What an earlier process of this container knew. */
  readonly resumed?: { readonly seen?: string; readonly requestedAfterMs?: number } | undefined
}

/**
 * The refreshes that a person asks for with the annotation `akv-injector.io/refresh-now` of the pod. The text that it has when the
 * container starts is the beginning, and each other text asks for a refresh.
 */
export class RefreshRequests {
  readonly #options: RequestsOptions
  /** The mark of the text that the last refresh has served. Undefined: the pod doesn't show its annotation to the agent. */
  #seen: string | undefined
  #refreshedAtMs: number
  #dueAtMs = Number.POSITIVE_INFINITY

  constructor(options: RequestsOptions) {
    const { root, clock, resumed = {} } = options
    this.#options = options
    this.#seen = resumed.seen ?? readRequestMark(root)
    this.#refreshedAtMs = clock.now()
    if (resumed.requestedAfterMs !== undefined) this.#note(resumed.requestedAfterMs)
  }

  get seen(): string | undefined {
    return this.#seen
  }

  /** The time until the refresh that was asked for. Infinity: none was. */
  dueInMs(): number {
    return Math.max(0, this.#dueAtMs - this.#options.clock.now())
  }

  /**
   * Waits for this time, or until a refresh is asked for.
   *
   * @returns how long it has waited
   */
  async wait(
    ms: number,
    { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<number> {
    const { root } = this.#options
    const seen = this.#seen
    if (seen === undefined || this.#dueAtMs < Number.POSITIVE_INFINITY || ms <= 0) {
      await clock.sleep(ms, signal)
      return ms
    }
    const startMs = clock.now()
    const end = new AbortController()
    const either = AbortSignal.any([signal, end.signal])
    const request = awaitRequest(root, { seen, clock, signal: either }).finally(() => end.abort())
    await clock.sleep(ms, either)
    end.abort()
    if (!(await request)) return ms
    this.#note(requestDelayMs(this.#refreshedAtMs, clock))
    return Math.min(ms, clock.now() - startMs)
  }

  /** To be called as a refresh of all objects begins. Returns whether it was asked for. */
  begin(): boolean {
    const { root, clock } = this.#options
    const asked = requestAfter(root, this.#seen)
    const isAskedFor = this.#dueAtMs < Number.POSITIVE_INFINITY || asked !== undefined
    this.#seen = asked ?? this.#seen
    this.#refreshedAtMs = clock.now()
    this.#dueAtMs = Number.POSITIVE_INFINITY
    return isAskedFor
  }

  #note(afterMs: number): void {
    const { clock, log } = this.#options
    this.#dueAtMs = clock.now() + afterMs
    log.info('a refresh was asked for', { inSeconds: Math.ceil(afterMs / 1000) })
  }
}
