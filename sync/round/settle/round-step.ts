import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import type { DesiredSecret } from '../../plan/desired-secret.ts'
import type { StoredSecret } from '../../plan/stored-secret.ts'
import type { NothingFound } from '../../status/ready-status.ts'
import type { Failure } from '../result/failure.ts'
import type { SettledSecret } from './settle-secret.ts'

/** The result of one step of a round. */
export type RoundStep =
  | SettledStep
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** A Secret that nobody requests any more, and that stays. `error` says why. */
  | { readonly kind: 'held'; readonly name: string; readonly error: AkvError }

export type SettledStep = {
  readonly kind: 'settled'
  readonly name: string
  readonly nothingFound?: NothingFound
} & SettledSecret

/** The Secrets that this round has read already, by name; undefined for those that don't exist. */
export type FoundSecrets = ReadonlyMap<string, StoredSecret | undefined>

/** Brings one Secret of the account to its desired state. */
export type Settle = (secret: {
  readonly name: string
  /** Absent if the Secret should be deleted. */
  readonly desired?: DesiredSecret | undefined
  /** Absent if the Secret may have changed since this round read it, and has to be read again. */
  readonly found?: FoundSecrets
}) => Promise<SettledStep>

/** What an account requests, with its values. */
export interface RequestedValues {
  readonly request: SyncRequest
  readonly values: AccountValues
}
