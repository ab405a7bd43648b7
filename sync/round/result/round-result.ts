import type { ObjectReference } from '../../../keyvault/reference.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import type { SecretTurns } from '../../plan/secret-turn.ts'
import type { NothingFound } from '../../status/ready-status.ts'
import type { Failure } from './failure.ts'

/** What was done to a Secret, for people. */
export type SecretChange = 'created' | 'updated' | 'adopted' | 'deleted' | 'renewed'

/** The result of a round. */
export interface RoundResult {
  readonly values: AccountValues | undefined
  /** What the round has done for each requested Secret. Empty if it failed before that was decided, which concerns all of them. */
  readonly turns: SecretTurns
  /** By the name of the Secret. */
  readonly changes: ReadonlyMap<string, SecretChange>
  readonly failures: readonly Failure[]
  /** The Secrets that are as desired: their resourceVersions, by name. */
  readonly synced: ReadonlyMap<string, string>
  /** The Secrets of `synced` for which the vault has no objects, by name. */
  readonly nothingFound: ReadonlyMap<string, NothingFound>
  /** The Secrets that stay although nobody requests them any more. Each has a failure, too. */
  readonly held: ReadonlySet<string>
  /** Absent if the round failed before it had read the Secrets. */
  readonly found: FoundObjects | undefined
  /** After how many milliseconds a Secret is due to be deleted, whose source has gone. */
  readonly waitMs: number | undefined
  /** Somebody else has written one of the Secrets, so the next round has to ask for everything. */
  readonly isOutdated: boolean
  /** False if something is left to do, or if the round was stopped. */
  readonly isFinished: boolean
}

/** The vault objects in an account's Secrets. */
export interface FoundObjects {
  /** The objects that each requested Secret holds, by its name. Undefined if it could not be read or written. */
  readonly requested: ReadonlyMap<string, readonly ObjectReference[] | undefined>
  /** The Secrets that aren't requested, and that haven't been deleted yet. */
  readonly kept: readonly string[]
}
