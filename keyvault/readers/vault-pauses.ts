import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'

/** Which vaults are throttling (HTTP 429), and when each may be asked again. */
export interface VaultPauses {
  /** @throws AkvError AKV_THROTTLED with the rest of the pause, while the vault is paused */
  check(vault: string): void
  /** Starts or extends the vault's pause if `error` says that the vault is throttling. */
  record(vault: string, error: unknown): void
}

/**
 * A vault's limit counts all requests, whatever object they are for. So one 429 pauses every request to that vault.
 *
 * @param options - `defaultPauseMs`: how long to pause a vault that sends no `Retry-After`
 */
export function createVaultPauses(options: {
  readonly clock: Pick<Clock, 'now'>
  readonly defaultPauseMs: number
}): VaultPauses {
  const { clock, defaultPauseMs } = options
  const pausedUntilMs = new Map<string, number>()
  const ownErrors = new WeakSet<AkvError>()
  return {
    check(vault) {
      const retryAfterMs = (pausedUntilMs.get(vault) ?? 0) - clock.now()
      if (retryAfterMs <= 0) return
      const message = `vault ${vault} is throttling; it is not asked again before its pause is over`
      const error = new AkvError({ code: 'AKV_THROTTLED', message, retryAfterMs })
      ownErrors.add(error)
      throw error
    },
    record(vault, error) {
      if (!(error instanceof AkvError) || error.code !== 'AKV_THROTTLED') return
      // The vault didn't send this error, so it must not extend the pause.
      if (ownErrors.has(error)) return
      const nowMs = clock.now()
      // Callers can ask for any number of vaults, so keep only pauses that aren't over.
      for (const [name, endMs] of pausedUntilMs) if (endMs <= nowMs) pausedUntilMs.delete(name)
      const endMs = nowMs + (error.retryAfterMs ?? defaultPauseMs)
      pausedUntilMs.set(vault, Math.max(pausedUntilMs.get(vault) ?? 0, endMs))
    },
  }
}
