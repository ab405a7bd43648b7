import { type Identity, resolveIdentity } from '../../init-agent/projection/identity.ts'
import type { Session } from '../../init-agent/projection/session.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { describeProblem } from '../../lib/describe-problem.ts'
import { AkvError, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { Problem } from '../../lib/problem.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { EventBudget } from '../cluster/event-budget.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Account } from '../request/account.ts'
import { asksForSecrets, readAccount } from '../request/read-account.ts'
import type { Access, AccountEntry } from './account-entry.ts'
import { accountLog } from './account-log.ts'
import { boundValues } from './bound-values.ts'
import { publishStatus } from './publish-status.ts'
import { type Failure, type Round, reconcile, type Wanted } from './reconcile.ts'
import { nextReportAfterMs, nothingReported, reportRound } from './report.ts'
import { statusesAfter, statusesWhenRefused } from './secret-statuses.ts'

export interface WorkAccountOptions {
  readonly cluster: SyncCluster
  readonly policy: Policy
  readonly openSession: (account: Account, identity: Identity) => Session
  readonly metrics: SyncMetrics
  readonly events: EventBudget
  readonly clock: Clock
  readonly log: Log
  /** Ends the controller. */
  readonly signal: AbortSignal
}

const firstBackOffMs = 5_000
const longestBackOffMs = 5 * 60_000

/**
 * One round for one account: reads what it asks for, does it, and tells.
 *
 * @returns after how many milliseconds the next is due; undefined: not before the account changes
 */
export async function workAccount(
  entry: AccountEntry,
  controller: WorkAccountOptions,
): Promise<number | undefined> {
  const { account } = entry
  const options = { ...controller, log: accountLog(controller.log, account) }
  entry.off = new AbortController()
  const signal = AbortSignal.any([options.signal, entry.gone.signal, entry.off.signal])
  if (!entry.isListed) return await workUnlisted(entry, options)
  const request = readAccount(account, options.policy)
  const isRegular = entry.isChanged || options.clock.now() >= entry.nextRegularAtMs
  entry.isChanged = false
  if (request.kind !== 'wanted')
    dropAccess(entry, { nowMs: options.clock.now(), isRefused: request.kind === 'refused' })
  if (request.kind === 'off') {
    entry.reported = nothingReported
    await publishStatus(entry, options)
    return undefined
  }
  if (request.kind === 'refused') {
    await publishStatus(entry, options)
    return await reportBlocked(entry, { failure: annotationFailure(request.problems), options })
  }
  const wanted = request.kind === 'wanted' ? request : undefined
  const round = await reconcile({
    ...options,
    account,
    signal,
    wanted: wanted && roundInput(entry, { request: wanted, isRegular, options }),
  })
  if (signal.aborted) return undefined
  recordRound(entry, { wanted, round, isRegular, options })
  await report(entry, { round, options })
  await publishStatus(entry, options)
  return nextAfterMs(entry, { wanted, round, options })
}

/** Nothing more is to be done until somebody changes something, but to tell it again from time to time. */
async function reportBlocked(
  entry: AccountEntry,
  { failure, options }: { readonly failure: Failure; readonly options: WorkAccountOptions },
): Promise<number | undefined> {
  const round = { failures: [failure], changes: new Map(), isFinished: false }
  await report(entry, { round, options })
  return nextReportAfterMs(entry.reported, options.clock.now())
}

/** What it asks for is not even read: that may be anything, and anybody's. */
async function workUnlisted(
  entry: AccountEntry,
  options: WorkAccountOptions,
): Promise<number | undefined> {
  const { namespace, name } = entry.account
  if (!asksForSecrets(entry.account)) {
    entry.reported = nothingReported
    return undefined
  }
  const message = `ServiceAccount ${namespace}/${name} is not among those that the operator has enabled`
  const error = new AkvError({ code: 'AKV_SYNC_NOT_ENABLED', message })
  return await reportBlocked(entry, { failure: { subject: 'account', error }, options })
}

/** Nothing is done for an account with a mistake, and its Secrets stay as they are. */
function annotationFailure(problems: readonly Problem[]): Failure {
  const message = problems.map(describeProblem).join('; ')
  // Another mistake is another state.
  return { subject: message, error: new AkvError({ code: 'AKV_SYNC_ANNOTATION', message }) }
}

/** Neither tokens nor values are kept for an account that asks for nothing. A mistake is to be seen in the metrics. */
function dropAccess(
  entry: AccountEntry,
  { nowMs, isRefused }: { readonly nowMs: number; readonly isRefused: boolean },
): void {
  entry.access = undefined
  entry.secrets = isRefused ? statusesWhenRefused(entry, nowMs) : new Map()
}

function roundInput(
  entry: AccountEntry,
  {
    request,
    isRegular,
    options,
  }: {
    readonly request: Wanted
    readonly isRegular: boolean
    readonly options: WorkAccountOptions
  },
) {
  const access = accessOf(entry, request, options)
  const isNew = access !== entry.access
  entry.access = access
  const { session, values } = access
  const leftVersions = new Map(
    [...entry.secrets].flatMap(([name, { leftVersion }]) =>
      leftVersion === undefined ? [] : [[name, leftVersion]],
    ),
  )
  return { request, session, before: values, isRegular: isRegular || isNew, leftVersions }
}

/** That of before, unless the account signs in as somebody else now. */
function accessOf(
  { account, access }: AccountEntry,
  { config, azure }: Wanted,
  { openSession }: WorkAccountOptions,
): Access {
  const env = {
    ...(azure.clientId !== undefined && { AZURE_CLIENT_ID: azure.clientId }),
    ...(azure.tenantId !== undefined && { AZURE_TENANT_ID: azure.tenantId }),
  }
  try {
    const identity = resolveIdentity(config.identity, env)
    const name = `${identity.clientId} in ${identity.tenantId}`
    return access?.identity === name
      ? access
      : { identity: name, session: openSession(account, identity), values: undefined }
  } catch (thrown) {
    return { identity: '', session: sessionOfNobody(toAkvError(thrown)), values: undefined }
  }
}

/** For an account without an identity: everything that is to be fetched fails with the reason. */
function sessionOfNobody(error: AkvError): Session {
  const fail = () => Promise.reject(error)
  return {
    signIn: { principal: 'nobody', token: fail, forget: () => undefined },
    reader: { read: fail, listVersions: fail },
  }
}

interface Worked {
  readonly wanted: Wanted | undefined
  readonly round: Round
  readonly options: WorkAccountOptions
}

function recordRound(entry: AccountEntry, worked: Worked & { readonly isRegular: boolean }): void {
  const { wanted, round, isRegular, options } = worked
  const { clock } = options
  const nowMs = clock.now()
  entry.failedRounds = round.isFinished ? 0 : entry.failedRounds + 1
  if (wanted === undefined) return
  // What a retry doesn't ask for, another one may have found changed; it is not to be put back.
  if (round.isOutdated) entry.isChanged = true
  if (entry.access !== undefined) entry.access.values = round.values && boundValues(round.values)
  if (isRegular) entry.nextRegularAtMs = nowMs + refreshMs(wanted) * (0.9 + 0.2 * clock.random())
  entry.secrets = statusesAfter(entry, { wanted, round, isRegular, nowMs })
}

const refreshMs = ({ config }: Wanted): number => config.refreshSeconds * 1000

/**
 * The next regular round, or before that another try: a random part of a doubling span, after a Retry-After. What is of
 * other vaults need not wait for that; who has asked for the pause gets it all the same.
 */
function nextAfterMs(entry: AccountEntry, { wanted, round, options }: Worked): number | undefined {
  const { clock } = options
  const regularMs =
    wanted === undefined ? undefined : Math.max(0, entry.nextRegularAtMs - clock.now())
  if (round.isFinished) return regularMs
  const longestMs = Math.min(
    longestBackOffMs,
    wanted === undefined ? longestBackOffMs : refreshMs(wanted),
  )
  const retryAfterMs = Math.max(0, ...round.failures.map(({ error }) => error.retryAfterMs ?? 0))
  const { failedRounds: failures } = entry
  const tryMs = backoffMs({ firstMs: firstBackOffMs, longestMs, failures, jitter: 'full', clock })
  return Math.min(retryAfterMs + tryMs, regularMs ?? Number.POSITIVE_INFINITY)
}

async function report(
  entry: AccountEntry,
  {
    round,
    options,
  }: {
    readonly round: Pick<Round, 'changes' | 'failures' | 'isFinished'>
    readonly options: WorkAccountOptions
  },
): Promise<void> {
  entry.reported = await reportRound(round, {
    ...options,
    account: entry.account,
    reported: entry.reported,
  })
}
