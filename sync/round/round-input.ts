import type { Session } from '../../delivery/session/session.ts'
import type { SyncRequest } from '../../requests/account/account-request.ts'
import type { Access, AccountState } from '../account/account-state.ts'
import type { AccountValues } from '../fetch/account-values.ts'

/** What an account requests in this round, and what is known from earlier rounds. */
export interface RoundInput {
  readonly request: SyncRequest
  readonly session: Session
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
  /** A regular round fetches everything that may have changed. Other rounds fetch only what failed. */
  readonly isRegular: boolean
  /** The resourceVersions of the Secrets that the last round finished, by name. */
  readonly leftVersions: ReadonlyMap<string, string>
}

/** @param state - what the last round left */
export function roundInput(
  state: AccountState,
  round: {
    readonly request: SyncRequest
    readonly access: Access
    readonly session: Session
    readonly isRegular: boolean
  },
): RoundInput {
  const { request, access, session, isRegular } = round
  const leftVersions = new Map(
    [...state.secrets].flatMap(([name, { leftVersion }]) =>
      leftVersion === undefined ? [] : [[name, leftVersion] as const],
    ),
  )
  return {
    request,
    session,
    before: access.values,
    // With a new identity, nothing is known yet.
    isRegular: isRegular || access !== state.access,
    leftVersions,
  }
}
