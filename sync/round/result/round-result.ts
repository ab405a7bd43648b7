import type { AccountValues } from '../../fetch/account-values.ts'
import type { Failure } from './failure.ts'

/** What was done to a Secret, for people. */
export type SecretChange = 'created' | 'updated' | 'adopted' | 'deleted' | 'renewed'

/** The result of a round. */
export interface RoundResult {
  readonly values: AccountValues | undefined
  /** By the name of the Secret. */
  readonly changes: ReadonlyMap<string, SecretChange>
  readonly failures: readonly Failure[]
  /** The Secrets that are as desired: their resourceVersions, by name. */
  readonly synced: ReadonlyMap<string, string>
  /** The Secrets that stay although nobody requests them any more. Each has a failure, too. */
  readonly held: ReadonlySet<string>
  /** After how many milliseconds a Secret is due to be deleted, whose source has gone. */
  readonly waitMs: number | undefined
  /** Somebody else has written one of the Secrets, so the next round has to ask for everything. */
  readonly isOutdated: boolean
  /** False if something is left to do, or if the round was stopped. */
  readonly isFinished: boolean
}
