import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import { describeProblem } from '../../lib/problems/describe-problem.ts'
import { mistakeOf } from '../../requests/account/accept-sources.ts'
import type {
  AccountRequest,
  SourceMistake,
  SyncRequest,
} from '../../requests/account/account-request.ts'
import { asksForSecrets } from '../../requests/account/read-account.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { annotationPrefix } from '../../requests/annotations/keys/own-annotations.ts'
import { sourceKey } from '../../requests/secret/source-ref.ts'
import type { Source } from '../../requests/source/source.ts'
import { roomForValues } from '../account/account-memory.ts'
import type { AccountState } from '../account/account-state.ts'
import { noneReported, nothingReported } from '../account/reported.ts'
import type { SeenAccount, SyncCluster } from '../cluster/cluster-port.ts'
import type { EventBudget } from '../cluster/event-budget.ts'
import { boundValues } from '../fetch/bound-values.ts'
import type { FairShares } from '../memory/fair-shares.ts'
import type { SyncMetrics } from '../metrics/metrics.ts'
import type { FairPace } from '../pace/fair-pace.ts'
import { accessFor, type OpenSession } from './account-access.ts'
import { nextRegularAtMs, nextRoundAfterMs } from './next-round.ts'
import { reconcile } from './reconcile.ts'
import { nextReportAfterMs, reportRound } from './report/report.ts'
import { reportSources } from './report/report-sources.ts'
import { statusesAfter, statusesWhenRefused } from './report/secret-statuses.ts'
import type { Failure } from './result/failure.ts'
import type { RoundResult } from './result/round-result.ts'
import { roundInput } from './round-input.ts'
import type { KnownSources } from './settle/decide-fates.ts'
import type { TryLimit } from './settle/try-limit.ts'

/** The services that the rounds of all accounts share. */
export interface RoundServices {
  readonly cluster: SyncCluster
  readonly policy: Policy
  readonly openSession: OpenSession
  /** What is known of the sources in a namespace. */
  readonly sourcesOf: (namespace: string) => KnownSources
  readonly metrics: SyncMetrics
  readonly events: EventBudget
  /** What may be kept for what anybody else writes. */
  readonly memory: FairShares
  readonly pace: FairPace
  readonly tries: TryLimit
  readonly clock: Clock
  readonly log: Log
}

/** One round for one account, with everything that it uses. */
export interface AccountRound extends RoundServices {
  readonly account: SeenAccount
  /** What the account's annotations request. Absent if the operator hasn't enabled the account. */
  readonly request: AccountRequest | undefined
  /** The sources that are read as this account. */
  readonly assigned: readonly Source[]
  /** Whether the account has changed since the last round, which makes this a regular one. */
  readonly isChanged: boolean
  /** Ends the round early. */
  readonly signal: AbortSignal
}

export interface NextState {
  readonly state: AccountState
  /** After how many milliseconds the next round is due; undefined if not before the account changes. */
  readonly nextAfterMs: number | undefined
}

/**
 * Returns the state at the beginning of a round, without anything that the account no longer requests. It is stored
 * before the round runs, so that tokens, values and statuses are dropped at once.
 */
export function beginState(
  state: AccountState,
  { account, request, clock }: Pick<AccountRound, 'account' | 'request' | 'clock'>,
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
      return { ...dropped, secrets: statusesWhenRefused(known, clock.now()) }
    }
    default:
      return request satisfies never
  }
}

/**
 * Runs one round for one account: does what the account requests, and reports the result.
 *
 * @param state - from {@link beginState}
 * @returns undefined if the round was stopped; the state then stays the same
 */
export async function runRound(
  state: AccountState,
  round: AccountRound,
): Promise<NextState | undefined> {
  const { request } = round
  if (request === undefined) return await reportUnlisted(state, round)
  switch (request.kind) {
    case 'off': {
      const why = `has the annotation ${annotationPrefix}inject: "false"; remove it`
      return { state: await reportBlockedSources(state, { why, round }), nextAfterMs: undefined }
    }
    case 'refused': {
      // Nothing is done for an account with a mistake, and its Secrets stay as they are.
      const message = request.problems.map(describeProblem).join('; ')
      const error = new AkvError({ code: 'AKV_SYNC_ANNOTATION', message })
      const why = `has wrong annotations: ${message}`
      const noted = await reportBlockedSources(state, { why, round })
      return await reportBlocked(noted, { failure: { kind: 'annotations', error }, round })
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
  // Anyone who may create accounts can create any number, so those of a namespace share one budget.
  const events = { take: () => round.events.take({ namespace, name: '' }) }
  return await reportBlocked(state, {
    failure: { kind: 'account', error },
    round: { ...round, events },
  })
}

/** Reports a failure that only a person can correct. The next round is due when it has to be reported again. */
async function reportBlocked(
  state: AccountState,
  { failure, round }: { readonly failure: Failure; readonly round: AccountRound },
): Promise<NextState> {
  const result = { failures: [failure], changes: new Map(), isFinished: false }
  const reported = await reportRound(result, { ...round, reported: state.reported })
  const nextAfterMs = nextReportAfterMs(reported, round.clock.now())
  return { state: { ...state, reported }, nextAfterMs }
}

/** Reports on each source that nothing is done for its account. */
async function reportBlockedSources(
  state: AccountState,
  { why, round }: { readonly why: string; readonly round: AccountRound },
): Promise<AccountState> {
  const { account, assigned } = round
  const sentence = `ServiceAccount ${account.name}, which reads it, ${why}`
  const mistakes = assigned.map((source) => mistakeOf(source, [sentence]))
  const reportedSources = await reportSources(
    {
      changes: new Map(),
      synced: new Map(),
      failures: mistakes.map(failureOf),
      isFinished: true,
    },
    {
      ...round,
      request: { sources: [], mistakes },
      sources: round.sourcesOf(account.namespace),
      reported: state.reportedSources,
    },
  )
  return { ...state, reportedSources }
}

async function syncSecrets(
  state: AccountState,
  { request, round }: { readonly request: SyncRequest | undefined; readonly round: AccountRound },
): Promise<NextState | undefined> {
  const { account, isChanged, clock, openSession, signal } = round
  // 1. Decide whether to ask for everything, and with which identity.
  const isRegular = isChanged || state.isOutdated || clock.now() >= state.nextRegularAtMs
  const opened = request && accessFor(request, { account, last: state.access, openSession })
  const input = request && opened && roundInput(state, { request, ...opened, isRegular })
  // 2. Fetch the values, and settle the Secrets.
  const sources = round.sourcesOf(account.namespace)
  const maxKeptBytes = roomForValues(round)
  const reconciled = await reconcile({ ...round, input, sources, maxKeptBytes })
  const mistakes = request?.mistakes.map(failureOf) ?? []
  const result = { ...reconciled, failures: [...mistakes, ...reconciled.failures] }
  if (signal.aborted) return undefined
  // 3. Record the outcome, report it, and decide when the next round is due.
  const access = opened && { ...opened.access, token: opened.session.signIn.held?.() }
  const noted = stateAfter({ ...state, access }, { request, isRegular, result, round })
  const reported = await reportRound(result, { ...round, reported: state.reported })
  const reportedSources =
    request &&
    (await reportSources(result, { ...round, request, sources, reported: state.reportedSources }))
  const next = { ...noted, reported, reportedSources: reportedSources ?? noneReported }
  return { state: next, nextAfterMs: nextRoundAfterMs(next, { request, result, clock }) }
}

function failureOf({ source, message }: SourceMistake): Failure {
  return source === undefined
    ? { kind: 'annotations', error: new AkvError({ code: 'AKV_SYNC_ANNOTATION', message }) }
    : {
        kind: 'source',
        key: sourceKey(source),
        error: new AkvError({ code: 'AKV_SYNC_SOURCE', message }),
      }
}

function stateAfter(
  state: AccountState,
  options: {
    readonly request: SyncRequest | undefined
    readonly isRegular: boolean
    readonly result: RoundResult
    readonly round: AccountRound
  },
): AccountState {
  const { request, isRegular, result, round } = options
  const { account, clock } = round
  const failedRounds = result.isFinished ? 0 : state.failedRounds + 1
  const nowMs = clock.now()
  const known = { secrets: state.secrets, published: account.status }
  if (request === undefined) {
    const round = { request, result, isRegular, nextRegularAtMs: state.nextRegularAtMs, nowMs }
    return { ...state, failedRounds, secrets: statusesAfter(known, round) }
  }
  const dueAtMs = isRegular ? nextRegularAtMs(request, clock) : state.nextRegularAtMs
  return {
    ...state,
    failedRounds,
    nextRegularAtMs: dueAtMs,
    // A retry only asks for what failed. Another writer may know newer values of the rest, and we must not undo these.
    isOutdated: result.isOutdated,
    access: state.access && {
      ...state.access,
      values:
        result.values &&
        boundValues(result.values, { secrets: request.secrets, maxBytes: roomForValues(round) }),
    },
    secrets: statusesAfter(known, { request, result, isRegular, nextRegularAtMs: dueAtMs, nowMs }),
  }
}
