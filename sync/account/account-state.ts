import type { VaultToken } from '../../keyvault/entra/sign-in.ts'
import type { AccountValues } from '../fetch/account-values.ts'
import type { Failing } from '../plan/account-status.ts'
import type { ScheduledTurn } from '../plan/secret-turn.ts'
import { noneReported, nothingReported, type Reported, type ReportedSources } from './reported.ts'

/** What the last round of an account left for the next one. A round takes a state and returns the next. */
export interface AccountState {
  readonly access: Access | undefined
  /** When the next regular round is due, which fetches everything and not only what failed. */
  readonly nextRegularAtMs: number
  /** Somebody else has written one of the Secrets, so the next round has to ask for everything. */
  readonly isOutdated: boolean
  /** Consecutive rounds that left something to do. */
  readonly failedRounds: number
  readonly reported: Reported
  readonly reportedSources: ReportedSources
  /** By name; a source with a mistake, by its `sourceKey`. */
  readonly secrets: ReadonlyMap<string, SecretStatus>
}

/**
 * An identity, its token, and the values fetched with it. They are dropped together, so no value outlives the right to
 * read it.
 */
export interface Access {
  readonly identity: string
  readonly token: VaultToken | undefined
  readonly values: AccountValues | undefined
}

export interface SecretStatus {
  /** Absent if the Secret is in sync. */
  readonly failing?: Failing | undefined
  /** When the Secret has to be confirmed up to date again; if it never was, when it was first asked for. */
  readonly dueAtMs: number
  /** The resourceVersion after the last round, if that finished the Secret. */
  readonly leftVersion?: string | undefined
  /** Of a Secret with a schedule of its own. */
  readonly scheduled?: ScheduledTurn | undefined
}

export const initialState: AccountState = {
  access: undefined,
  nextRegularAtMs: 0,
  isOutdated: false,
  failedRounds: 0,
  reported: nothingReported,
  reportedSources: noneReported,
  secrets: new Map(),
}
