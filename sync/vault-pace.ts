import type { Clock } from '../lib/clock.ts'
import { AkvError } from '../lib/errors/akv-error.ts'

/** Of the 400 a second that a vault takes: its other readers need some, too. */
const mostPerSecond = 300
/** Where a vault that throttles doesn't say for how long. */
const defaultPauseMs = 5_000

export interface VaultPace {
  /** Waits for the turn of one request. Throws an AkvError while the vault wants to be left alone. */
  turn(vault: string): Promise<void>
  /** Takes note of what a request came to: nobody asks a vault that is throttling. */
  failed(vault: string, error: AkvError): void
}

interface Lane {
  nextAtMs: number
  pausedUntilMs: number
}

/**
 * What all accounts together may ask of each vault, evenly spread: its limit counts all callers, and one account that is
 * throttled must not have the others go on.
 *
 * @param signal - ends the waiting
 */
export function createVaultPace(clock: Clock, signal: AbortSignal): VaultPace {
  const lanes = new Map<string, Lane>()
  const laneOf = (vault: string) => {
    const known = lanes.get(vault)
    if (known !== undefined) return known
    // Annotations may name ever new vaults.
    for (const [name, { nextAtMs, pausedUntilMs }] of lanes)
      if (Math.max(nextAtMs, pausedUntilMs) <= clock.now()) lanes.delete(name)
    const lane = { nextAtMs: 0, pausedUntilMs: 0 }
    lanes.set(vault, lane)
    return lane
  }
  const own = new WeakSet<AkvError>()
  const refuseIfPaused = (vault: string, { pausedUntilMs }: Lane) => {
    const retryAfterMs = pausedUntilMs - clock.now()
    if (retryAfterMs <= 0) return
    const message = `vault ${vault} is throttling; not asked before its pause is over`
    const error = new AkvError({ code: 'AKV_THROTTLED', message, retryAfterMs })
    own.add(error)
    throw error
  }
  return {
    async turn(vault) {
      const lane = laneOf(vault)
      refuseIfPaused(vault, lane)
      const nowMs = clock.now()
      const atMs = Math.max(lane.nextAtMs, nowMs)
      lane.nextAtMs = atMs + 1000 / mostPerSecond
      if (atMs - nowMs >= 1) await clock.sleep(atMs - nowMs, signal)
      // Somebody may have been throttled while this one waited.
      refuseIfPaused(vault, lane)
    },
    failed(vault, error) {
      // A refusal of ours comes back here too, and must not prolong the pause.
      if (error.code !== 'AKV_THROTTLED' || own.has(error)) return
      const { retryAfterMs = defaultPauseMs } = error
      const lane = laneOf(vault)
      lane.pausedUntilMs = Math.max(lane.pausedUntilMs, clock.now() + retryAfterMs)
    },
  }
}
