import type { Identity } from '../../init-agent/projection/identity.ts'
import type { Session } from '../../init-agent/projection/session.ts'
import type { Clock } from '../../lib/clock.ts'
import { describeProblem } from '../../lib/describe-problem.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { SeenAccount, SyncCluster } from '../cluster/cluster-port.ts'
import type { EventBudget } from '../cluster/event-budget.ts'
import { boundValues } from '../fetch/bound-values.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Account } from '../request/account.ts'
import type { AccountRequest, SyncRequest } from '../request/account-request.ts'
import { asksForSecrets } from '../request/read-account.ts'
import { accessFor } from './account-access.ts'
import type { Access, AccountState } from './account-state.ts'
import type { Failure } from './failure.ts'
import { nextRegularAtMs, nextRoundAfterMs } from './next-round.ts'
import { reconcile } from './reconcile.ts'
import { nextReportAfterMs, nothingReported, type ReportedRound, reportRound } from './report.ts'
import type { RoundInput } from './round-input.ts'
import type { RoundResult } from './round-result.ts'
import { statusesAfter, statusesWhenRefused } from './secret-statuses.ts'

/** What the rounds of all accounts share. */
export interface RoundServices {
  readonly cluster: SyncCluster
  readonly policy: Policy
  readonly openSession: (account: Account, identity: Identity) => Session
  readonly metrics: SyncMetrics
  readonly events: EventBudget
  readonly clock: Clock
  readonly log: Log
}

export interface AccountRound {
  readonly account: SeenAccount
  /** What the account's annotations ask for. Absent if the operator hasn't enabled the account. */
  readonly request: AccountRequest | undefined
  /** Whether the account has changed since the last round, which makes this a regular one. */
  readonly isChanged: boolean
  readonly services: RoundServices
  /** Ends the round early. */
  readonly signal: AbortSignal
}

export interface NextState {
  readonly state: AccountState
  /** After how many milliseconds the next round is due; undefined if not before the account changes. */
  readonly nextAfterMs: number | undefined
}

/**
 * The state with which a round begins: without what the account no longer asks for. Stored before the round runs, so that
 * tokens, values and statuses are gone at once.
 */
export function beginState(
  state: AccountState,
  { account, request, services }: Omit<AccountRound, 'isChanged' | 'signal'>,
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
      return { ...dropped, secrets: statusesWhenRefused(known, services.clock.now()) }
    }
    default:
      return request satisfies never
  }
}

/**
 * One round for one account: does what the account asks for, and reports.
 *
 * @param state - from {@link beginState}
 * @returns undefined if the round was stopped: the state stays what it was
 */
export async function runRound(
  state: AccountState,
  round: AccountRound,
): Promise<NextState | undefined> {
  const { request } = round
  if (request === undefined) return await reportUnlisted(state, round)
  switch (request.kind) {
    case 'off':
      return { state, nextAfterMs: undefined }
    case 'refused': {
      // Nothing is done for an account with a mistake, and its Secrets stay as they are.
      const message = request.problems.map(describeProblem).join('; ')
      const error = new AkvError({ code: 'AKV_SYNC_ANNOTATION', message })
      return await reportBlocked(state, { failure: { kind: 'annotations', error }, round })
    }
    case 'none':
      return await syncSecrets(state, { request: undefined, round })
    case 'wanted':
      return await syncSecrets(state, { request, round })
    default:
      return request satisfies never
  }
}

/** An account that the operator hasn't enabled: its annotations aren't even read, because anyone can write anything there. */
async function reportUnlisted(state: AccountState, round: AccountRound): Promise<NextState> {
  const { namespace, name } = round.account
  if (!asksForSecrets(round.account))
    return { state: { ...state, reported: nothingReported }, nextAfterMs: undefined }
  const message = `ServiceAccount ${namespace}/${name} is not among those that the operator has enabled`
  const error = new AkvError({ code: 'AKV_SYNC_NOT_ENABLED', message })
  return await reportBlocked(state, { failure: { kind: 'account', error }, round })
}

/** Reports a failure that only a person can correct. The next round is due when it has to be reported again. */
async function reportBlocked(
  state: AccountState,
  { failure, round }: { readonly failure: Failure; readonly round: AccountRound },
): Promise<NextState> {
  const result = { failures: [failure], changes: new Map(), isFinished: false }
  const next = await report(state, { result, round })
  return { state: next, nextAfterMs: nextReportAfterMs(next.reported, round.services.clock.now()) }
}

async function syncSecrets(
  state: AccountState,
  { request, round }: { readonly request: SyncRequest | undefined; readonly round: AccountRound },
): Promise<NextState | undefined> {
  const { account, isChanged, services, signal } = round
  const { cluster, metrics, clock, log, openSession } = services
  const isRegular = isChanged || state.isOutdated || clock.now() >= state.nextRegularAtMs
  const access = request && accessFor(request, { account, last: state.access, openSession })
  const input = request && access && roundInput(state, { request, access, isRegular })
  const result = await reconcile({ cluster, metrics, clock, log, account, input, signal })
  if (signal.aborted) return undefined
  const recorded = recordRound({ ...state, access }, { request, isRegular, result, round })
  const next = await report(recorded, { result, round })
  return { state: next, nextAfterMs: nextRoundAfterMs(next, { request, result, clock }) }
}

function roundInput(
  state: AccountState,
  round: {
    readonly request: SyncRequest
    readonly access: Access
    readonly isRegular: boolean
  },
): RoundInput {
  const { request, access, isRegular } = round
  const leftVersions = new Map(
    [...state.secrets].flatMap(([name, { leftVersion }]) =>
      leftVersion === undefined ? [] : [[name, leftVersion] as const],
    ),
  )
  return {
    request,
    session: access.session,
    before: access.values,
    // With a new identity, nothing is known yet.
    isRegular: isRegular || access !== state.access,
    leftVersions,
  }
}

function recordRound(
  state: AccountState,
  options: {
    readonly request: SyncRequest | undefined
    readonly isRegular: boolean
    readonly result: RoundResult
    readonly round: AccountRound
  },
): AccountState {
  const { request, isRegular, result, round } = options
  const { clock } = round.services
  const failedRounds = result.isFinished ? 0 : state.failedRounds + 1
  if (request === undefined) return { ...state, failedRounds }
  const nowMs = clock.now()
  const dueAtMs = isRegular ? nextRegularAtMs(request, clock) : state.nextRegularAtMs
  return {
    ...state,
    failedRounds,
    nextRegularAtMs: dueAtMs,
    // A retry only asks for what failed. Another writer may know newer values of the rest, and we must not undo these.
    isOutdated: result.isOutdated,
    access: state.access && {
      ...state.access,
      values: result.values && boundValues(result.values),
    },
    secrets: statusesAfter(
      { secrets: state.secrets, published: round.account.status },
      { request, result, isRegular, nextRegularAtMs: dueAtMs, nowMs },
    ),
  }
}

async function report(
  state: AccountState,
  { result, round }: { readonly result: ReportedRound; readonly round: AccountRound },
): Promise<AccountState> {
  const { account, services } = round
  const { cluster, log, metrics, events, clock } = services
  const { reported } = state
  const options = { account, reported, cluster, log, metrics, events, clock }
  return { ...state, reported: await reportRound(result, options) }
}
