import type { AccountValues } from '../fetch/account-values.ts'
import type { Failure } from './failure.ts'
import type { SecretChange } from './settle/settle-secret.ts'

/** The result of a round. */
export interface RoundResult {
  readonly values: AccountValues | undefined
  /** By the name of the Secret. */
  readonly changes: ReadonlyMap<string, SecretChange>
  readonly failures: readonly Failure[]
  /** The Secrets that are as desired: their resourceVersions, by name. */
  readonly synced: ReadonlyMap<string, string>
  /** Somebody else has written one of the Secrets, so the next round has to ask for everything. */
  readonly isOutdated: boolean
  /** False if something is left to do, or if the round was stopped. */
  readonly isFinished: boolean
}
