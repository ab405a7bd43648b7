import type { Session } from '../../delivery/session/session.ts'
import type { ObjectReader } from '../../keyvault/readers/object-reader.ts'
import type { CpuBudget } from '../../lib/cpu-budget.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'
import type { AccountRequest, SyncRequest } from '../../requests/account/account-request.ts'
import { readAccount } from '../../requests/account/read-account.ts'
import { sourceTitle } from '../../requests/secret/source-ref.ts'
import type { Source } from '../../requests/source/source.ts'
import { type AccountEntry, accountLog } from '../account/account-entry.ts'
import { holdValues, noRoom, roomForValues } from '../account/account-memory.ts'
import type { Access, AccountState } from '../account/account-state.ts'
import { nothingReported } from '../account/reported.ts'
import type { SeenAccount } from '../cluster/cluster-port.ts'
import { accountSignIn } from '../fetch/account-sign-in.ts'
import type { AccountValues } from '../fetch/account-values.ts'
import { roundTime, statusesWhenRefused } from './report/secret-statuses.ts'
import { roundBudget } from './round-budget.ts'
import type { OpenSession, RoundServices } from './services.ts'
import type { KnownSources } from './settle/decide-sources.ts'

/** One round of one account. The account may change while it runs; what is here doesn't. */
export interface Round {
  readonly account: SeenAccount
  /** What the account's annotations request. Absent if the administrator hasn't enabled the account. */
  readonly request: AccountRequest | undefined
  /** The sources that are read as this account. */
  readonly assigned: readonly Source[]
  /** Whether the account has changed since the last round, which makes this a regular one. */
  readonly isChanged: boolean
  /** Whether the account's annotations have changed since the last round: then, everything is fetched. */
  readonly asksForAll: boolean
  /** What the last round left, without anything that the account no longer requests. */
  readonly state: AccountState
  readonly log: Log
  /** Ends the round early. */
  readonly signal: AbortSignal
}

/** A round that does what the account requests. */
export interface SyncRound extends Round {
  /** Absent if the account no longer requests anything. */
  readonly reading: OpenedRound | undefined
  /** Whether the values are due to be refreshed. Other rounds only retry what failed. */
  readonly isRegular: boolean
  /** What is known of the sources in the account's namespace. */
  readonly sources: KnownSources
  /** How much memory the values may take between rounds. */
  readonly maxKeptBytes: number
  readonly budget: CpuBudget
}

export interface OpenedRound extends Opened {
  /** Whether to ask for all values of Secrets without a schedule of their own, and not only for what failed. */
  readonly fetchesAll: boolean
}

/** Begins a round with the account as it is now. The state is stored at once, so that tokens, values and statuses are dropped. */
export function beginRound(
  entry: AccountEntry,
  { policy, memory, clock, log, signal }: RoundServices,
): Round {
  const { account, isListed, isChanged, asksForAll, sources: assigned } = entry
  const running = new AbortController()
  const request = isListed ? requestOf(entry, policy) : undefined
  entry.running = running
  entry.isChanged = false
  entry.asksForAll = false
  entry.state = holdValues(stateFor(entry, { request, clock }), { memory, account })
  return {
    account,
    request,
    assigned,
    isChanged,
    asksForAll,
    state: entry.state,
    log: accountLog(log, account),
    signal: AbortSignal.any([signal, running.signal]),
  }
}

const requestOf = (
  { account, sources }: AccountEntry,
  policy: RoundServices['policy'],
): AccountRequest =>
  account.neededBytes === undefined
    ? readAccount(account, policy, sources)
    : { kind: 'refused', problems: [noRoom], claims: [] }

function stateFor(
  { state, account }: AccountEntry,
  { request, clock }: Pick<Round, 'request'> & Pick<RoundServices, 'clock'>,
): AccountState {
  if (request === undefined || request.kind === 'wanted') return state
  const dropped = { ...state, access: undefined, isOutdated: false, secrets: new Map() }
  switch (request.kind) {
    case 'none':
      return dropped
    case 'off':
      return { ...dropped, reported: nothingReported }
    case 'refused': {
      const known = { secrets: state.secrets, published: account.status }
      return { ...dropped, secrets: statusesWhenRefused(known, roundTime(clock)) }
    }
    default:
      return request satisfies never
  }
}

/** Decides whether to ask for everything, and as whom. */
export function openRound(
  round: Round,
  { memory, pace, clock, openSession, sourcesOf }: RoundServices,
): SyncRound {
  const { account, request, isChanged, state } = round
  const isRegular = isChanged || state.isOutdated || clock.now() >= state.nextRegularAtMs
  const last = state.access
  const opened =
    request?.kind === 'wanted' ? accessFor(request, { account, last, openSession }) : undefined
  return {
    ...round,
    isRegular,
    // With a new identity, nothing is known yet.
    reading: opened && { ...opened, fetchesAll: isRegular || opened.access !== last },
    sources: sourcesOf(account.namespace),
    maxKeptBytes: roomForValues({ memory, account }),
    budget: roundBudget(account, pace),
  }
}

/** What an account requests, and as whom it reads that. */
interface Opened {
  readonly request: SyncRequest
  readonly access: Access
  readonly session: Session
  /** The values that the last round kept. */
  readonly before: AccountValues | undefined
}

/**
 * Opens a session for one round. Nothing of it is kept between rounds but the token, because there may be thousands of
 * accounts.
 *
 * @returns `access`: the one of the last round, or a new one if the account now signs in with another identity
 */
function accessFor(
  request: SyncRequest,
  options: {
    readonly account: Account
    readonly last: Access | undefined
    readonly openSession: OpenSession
  },
): Opened {
  const { config, azure, usesBinding } = request
  const { account, last, openSession } = options
  try {
    const { name, ...signIn } = accountSignIn(config.identity, { azure, usesBinding })
    const access = last?.identity === name ? last : { ...noAccess, identity: name }
    const session = openSession(account, signIn, access.token)
    return { request, access, session, before: access.values }
  } catch (thrown) {
    const session = failingSession(withUnused(toAkvError(thrown), request))
    return { request, access: { ...noAccess }, session, before: undefined }
  }
}

/** An account without a client often has a source that names one in a way that has no effect here. */
function withUnused(error: AkvError, { sources }: SyncRequest): AkvError {
  const source = sources.find(({ unused }) => unused !== undefined)
  return error.code === 'AKV_IDENTITY_MISSING' && source?.unused !== undefined
    ? new AkvError(error.code, `${error.message}. ${sourceTitle(source.ref)}: ${source.unused}`)
    : error
}

const noAccess: Access = { identity: '', token: undefined, values: undefined }

const failingPages = (fail: () => Promise<never>): ReturnType<ObjectReader['secretPages']> => ({
  [Symbol.asyncIterator]: () => ({ next: fail }),
})

/** A session for an account without an identity: every fetch fails and says why. */
function failingSession(error: AkvError): Session {
  const fail = () => Promise.reject(error)
  return {
    signIn: { principal: 'nobody', token: fail, forget: () => undefined },
    reader: { read: fail, listVersions: fail, secretPages: () => failingPages(fail) },
  }
}
