import type { VaultPauses } from '../../keyvault/readers/vault-pauses.ts'
import type { Clock } from '../../lib/clock.ts'

/** A vault accepts 400 requests per second from all its readers together. The difference is left for other readers. */
const maxPerSecond = 300

export interface VaultPace {
  /** Waits until one request may be sent. Throws AKV_THROTTLED while the vault is paused. */
  turn(vault: string): Promise<void>
}

/**
 * Spreads the requests of all accounts to one vault evenly over time, because the vault's limit counts them together.
 *
 * @param options - `signal` ends the waiting
 */
export function createVaultPace(options: {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly pauses: VaultPauses
}): VaultPace {
  const { clock, signal, pauses } = options
  const nextTurnAtMs = new Map<string, number>()
  const takeTurn = (vault: string, nowMs: number): number => {
    const known = nextTurnAtMs.get(vault)
    // Annotations can name any number of vaults: keep only those that have a queue.
    if (known === undefined)
      for (const [name, atMs] of nextTurnAtMs) if (atMs <= nowMs) nextTurnAtMs.delete(name)
    const atMs = Math.max(known ?? 0, nowMs)
    nextTurnAtMs.set(vault, atMs + 1000 / maxPerSecond)
    return atMs
  }
  return {
    async turn(vault) {
      pauses.check(vault)
      const nowMs = clock.now()
      const waitMs = takeTurn(vault, nowMs) - nowMs
      if (waitMs >= 1) await clock.sleep(waitMs, signal)
      // The vault may have been paused meanwhile.
      pauses.check(vault)
    },
  }
}
