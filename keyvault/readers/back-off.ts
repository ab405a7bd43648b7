import type { Clock } from '../../lib/clock.ts'

/** Key Vault counts requests in windows of 10 s. */
const windowMs = 10_000
/** Steps of this part of a window soon reach all parts of it. */
const goldenPart = 0.618
/** Each pause is longer by a random part of this. */
const spreadMs = 500
/** How many tries the part in which the vault answered gets before others are tried. */
const triesInGoodPart = 3

/**
 * Decides when to ask a throttling vault again. A pod can't know how many others wait, whether the vault counts the
 * requests that it refuses, or how much a client takes that never backs off. So the pause follows from what the vault has
 * answered this pod:
 *
 * 1. The pause grows with the time since the first refusal. After a short burst, a single pod is up soon. Thousands of
 *    pods that wait longer ask so rarely that their refused requests don't fill what another client leaves of the limit.
 * 2. The pause ends in the part of a window in which the vault began to answer after the last pause. If another client uses
 *    up the limit early in each window, requests in other parts are always refused.
 * 3. If no such part is known, the first pause ends in a random part, which spreads pods that are refused together. Each later
 *    pause ends a golden section further on, so that a few tries find a part in which the vault answers.
 *
 * `npm run fleet` shows how thousands of pods fare with it.
 */
export class BackOff {
  readonly #clock: Pick<Clock, 'now' | 'random'>
  /** Refusals since the last answer. */
  #refusals = 0
  /** When the first of them came. */
  #refusedAtMs = 0
  /** When the vault first answered after a pause. */
  #goodAtMs: number | undefined

  constructor(clock: Pick<Clock, 'now' | 'random'>) {
    this.#clock = clock
  }

  recordAnswer(): void {
    if (this.#refusals > 0) this.#goodAtMs = this.#clock.now()
    this.#refusals = 0
  }

  /**
   * Records a 429.
   *
   * @param retryAfterMs - no pause is shorter than this
   * @returns when to ask again
   */
  recordRefusal(retryAfterMs: number): number {
    const nowMs = this.#clock.now()
    this.#refusals++
    if (this.#refusals === 1) this.#refusedAtMs = nowMs
    const earliestMs = nowMs + Math.max(retryAfterMs, this.#pauseMs(nowMs - this.#refusedAtMs))
    const partMs = this.#partOfWindow(nowMs)
    const windows = Math.ceil((earliestMs - partMs) / windowMs)
    return partMs + windows * windowMs + spreadMs * this.#clock.random()
  }

  #pauseMs(waitedMs: number): number {
    const growingMs = (16_000 + 1.5 * waitedMs) * this.#about(1 / 3)
    return Math.min(growingMs, longPauseMs(waitedMs) * this.#about(1 / 8))
  }

  /** Returns a time in the part of a window in which to ask again. */
  #partOfWindow(nowMs: number): number {
    if (this.#goodAtMs !== undefined && this.#refusals <= triesInGoodPart) return this.#goodAtMs
    const part = this.#refusals === 1 ? this.#clock.random() : goldenPart
    return nowMs + part * windowMs
  }

  /** Returns a random factor around 1. */
  #about(spread: number): number {
    return 1 - spread + 2 * spread * this.#clock.random()
  }
}

/**
 * 10,000 pods that each ask every 72 s make 140 requests a second, and the limit is 400. From about 20 minutes on, pauses grow
 * to five minutes, in case there are more pods or the other client takes more.
 */
const longPauseMs = (waitedMs: number): number => Math.min(300_000, Math.max(72_000, waitedMs / 16))
