import type { Session } from '../../init-agent/projection/session.ts'
import type { SeenAccount } from '../cluster/cluster-port.ts'
import type { Failing } from '../plan/account-status.ts'
import type { Outlook } from '../work-queue.ts'
import type { AccountValues } from './refresh-account.ts'
import { nothingReported, type Reported } from './report.ts'

/**
 * What the controller remembers of one account. Another uid is another account and begins anew; another identity gets
 * another {@link Access}, so that no token and no value outlives the right to it.
 */
export interface AccountEntry {
  account: SeenAccount
  /** Whether the operator lets us act for it. */
  readonly isListed: boolean
  /** It has changed since the last round began, which makes the next one a regular one. */
  isChanged: boolean
  access: Access | undefined
  nextRegularAtMs: number
  /** Rounds in a row with something left to do. */
  failedRounds: number
  /** By how the last round went. */
  outlook: Outlook
  reported: Reported
  /** The status could not be written when that was last tried. */
  isStatusRefused: boolean
  secrets: ReadonlyMap<string, SecretStatus>
  /** The account has gone, or is another. */
  readonly gone: AbortController
  /** It has been turned off since the last round began. */
  off: AbortController
}

/** An identity with what it has fetched. */
export interface Access {
  readonly identity: string
  readonly session: Session
  values: AccountValues | undefined
}

export interface SecretStatus {
  /** Absent: it is as it should be. */
  readonly failing?: Failing | undefined
  /** Until when it has to be known to be up to date again; while it never was, when it was first asked for. */
  readonly dueAtMs: number
  /** The version that it was left in, if it was done. */
  readonly leftVersion?: string | undefined
}

export const accountEntry = (account: SeenAccount, isListed: boolean): AccountEntry => ({
  account,
  isListed,
  isChanged: true,
  access: undefined,
  nextRegularAtMs: 0,
  failedRounds: 0,
  outlook: 'unknown',
  reported: nothingReported,
  isStatusRefused: false,
  secrets: new Map(),
  gone: new AbortController(),
  off: new AbortController(),
})
