import type { Clock } from '../../lib/clock.ts'
import type { AccountEntry } from '../account/account-entry.ts'
import type { SecretStatus } from '../account/account-state.ts'
import type { SecretFigures } from '../metrics/account-metrics.ts'

/** What the metrics say about each Secret of an account. */
export const figuresOf = (
  entry: AccountEntry | undefined,
  clock: Pick<Clock, 'now'>,
): readonly SecretFigures[] =>
  [...(entry?.state.secrets.values() ?? [])].map(({ failing, dueAtMs }) => ({
    isSynced: failing === undefined,
    staleSeconds: staleSeconds({ failing, dueAtMs }, clock.now()),
  }))

/** At least 1 for a failing Secret, so that 0 means that all is well. */
function staleSeconds({ failing, dueAtMs }: SecretStatus, nowMs: number): number {
  const overdueMs = Math.max(0, nowMs - dueAtMs)
  return failing === undefined
    ? overdueMs / 1000
    : Math.max(1, overdueMs / 1000, (nowMs - failing.sinceMs) / 1000)
}
