import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import { recordName } from '../../requests/account/record-name.ts'
import type { AccountEntry } from '../account/account-entry.ts'
import { holdValues, roomForValues } from '../account/account-memory.ts'
import { noneReported } from '../account/reported.ts'
import { expandFinds } from '../fetch/find/expand-finds.ts'
import { refreshAccount } from '../fetch/refresh-account.ts'
import { readRecord } from '../plan/record.ts'
import type { SecretTurns } from '../plan/secret-turn.ts'
import type { StoredSecret } from '../plan/stored-secret.ts'
import { beginRound, openRound, type SyncRound } from './begin-round.ts'
import { blockedReporter, isBlocked } from './blocked.ts'
import { type NextState, nextRoundAfterMs, stateAfter } from './next-state.ts'
import { publishStatus } from './report/publish-status.ts'
import { createReporter, type Reporter } from './report/write-report.ts'
import { mistakeFailure } from './result/failure.ts'
import type { RoundResult } from './result/round-result.ts'
import type { RoundServices } from './services.ts'
import { decideSources } from './settle/decide-sources.ts'
import type { FoundSecrets, RequestedValues } from './settle/round-step.ts'
import { createSettler, failedResult, type SettlingRound } from './settle/settle-all.ts'
import { decideTurns } from './turn/decide-turns.ts'

/**
 * Runs one round for an account, and returns after how many milliseconds the next one is due: 0 if this one was stopped or cut
 * short, undefined if not before the account changes.
 */
export type RunRound = (
  entry: AccountEntry,
  /** How it waits for CPU time. */
  pace?: Pick<FairPace, 'awaitLine'>,
) => Promise<number | undefined>

/** @returns the function that runs the rounds of all accounts */
export function createRounds(services: RoundServices): RunRound {
  const { cluster, outage, memory } = services
  const reporter = createReporter(services)
  const reportBlocked = blockedReporter(services, reporter)
  const plan = planner(services)
  const report = resultReporter(services, reporter)

  /** Undefined if the round was stopped before its report, or cut short by an outage; the state then stays the same. */
  async function sync(round: SyncRound, paced: RoundServices): Promise<NextState | undefined> {
    const result = await fetchAll(round, paced)
      .then((fetched) => plan(fetched, round))
      .then(createSettler(paced))
      .catch((thrown) => failedResult(toAkvError(thrown), round.reading?.before))
    if ((await isCutShort(result, services)) || round.signal.aborted) return undefined
    return await report(result, round)
  }

  return async (entry, pace = services.pace) => {
    const round = beginRound(entry, services)
    const { account, log } = round
    try {
      const paced = pacedServices(services, pace)
      const next = isBlocked(round)
        ? await reportBlocked(round)
        : await sync(openRound(round, paced), paced)
      if (next === undefined) {
        entry.isChanged ||= round.isChanged
        entry.asksForAll ||= round.asksForAll
        return 0
      }
      entry.state = holdValues(next.state, { memory, account })
      // The controller may not write to accounts that the administrator hasn't enabled.
      if (entry.isListed && !round.signal.aborted)
        await publishStatus(entry, { account, found: next.found, log, cluster, outage })
      return next.nextAfterMs
    } finally {
      entry.running = undefined
    }
  }
}

/**
 * The services of one round, which waits before it reads a Secret if its namespace has used up its allowance: whoever may write
 * Secrets can fill them with 100,000 keys.
 */
function pacedServices(
  { cluster, ...services }: RoundServices,
  { awaitLine }: Pick<FairPace, 'awaitLine'>,
): RoundServices {
  const pace = { ...services.pace, awaitLine }
  return {
    ...services,
    pace,
    cluster: {
      ...cluster,
      async readSecret(secret) {
        if (!pace.hasAllowance(secret.namespace)) await awaitLine(secret.namespace)
        return await cluster.readSecret(secret)
      },
    },
  }
}

/** Whether an outage of the API server made the round fail before it changed a Secret. It is repeated when the outage is over. */
async function isCutShort(
  { changes, failures }: RoundResult,
  { outage }: Pick<RoundServices, 'outage'>,
): Promise<boolean> {
  const unavailable = failures.find(({ error }) => error.code === 'AKV_CLUSTER_UNAVAILABLE')
  return (
    unavailable !== undefined && (await outage.explains(unavailable.error)) && changes.size === 0
  )
}

/** What a round has read. */
interface Fetched {
  readonly record: StoredSecret | undefined
  /** Absent if the account no longer requests anything. */
  readonly requested: RequestedValues | undefined
  readonly found: FoundSecrets
  readonly turns: SecretTurns
}

/** Fetch: reads the account's record and, as the account, the values for its Secrets. */
async function fetchAll(round: SyncRound, services: RoundServices): Promise<Fetched> {
  const { account, reading } = round
  const name = recordName(account)
  const record = await services.cluster.readSecret({ namespace: account.namespace, name })
  const turns = await decideTurns(round, services)
  const refreshed = reading && (await refreshAccount({ ...round, ...reading, turns }, services))
  return {
    record,
    requested: refreshed && {
      request: expandFinds(reading.request, refreshed.values.findings),
      values: refreshed.values,
    },
    found: new Map([...(refreshed?.found ?? []), [name, record]]),
    turns,
  }
}

/** Plan: decides what becomes of each Secret: those that are requested, and those that only the record still names. */
const planner =
  ({ clock }: RoundServices) =>
  async (fetched: Fetched, round: SyncRound): Promise<SettlingRound> => {
    const { account, reading, sources, state, signal } = round
    signal.throwIfAborted()
    const recorded = readRecord(account, fetched.record)
    const request = reading?.request
    const decisions = await decideSources(recorded, { request, sources, nowMs: clock.now() })
    const leftVersionOf = (name: string) =>
      fetched.turns.get(name)?.kind === 'retry' ? state.secrets.get(name)?.leftVersion : undefined
    return { ...round, ...fetched, recorded, decisions, leftVersionOf }
  }

/** The round as if the account had named what its finds have found. */
function withFound(round: SyncRound, { values }: RoundResult): SyncRound {
  const { reading } = round
  if (reading === undefined || values === undefined) return round
  return {
    ...round,
    reading: { ...reading, request: expandFinds(reading.request, values.findings) },
  }
}

/** Report: says how the round went, and decides what the next one needs to know and when it is due. */
const resultReporter =
  ({ memory, clock }: RoundServices, reporter: Reporter) =>
  async (settled: RoundResult, asked: SyncRound): Promise<NextState> => {
    const round = withFound(asked, settled)
    const request = round.reading?.request
    const mistakes = request?.mistakes.map(mistakeFailure) ?? []
    const result = { ...settled, failures: [...mistakes, ...settled.failures] }
    const maxKeptBytes = roomForValues({ memory, account: round.account })
    const noted = stateAfter(round, { result, maxKeptBytes, clock })
    const reported = await reporter.onAccount(result, round)
    const reportedSources = request && (await reporter.onSources(result, { ...round, request }))
    const state = { ...noted, reported, reportedSources: reportedSources ?? noneReported }
    const nextAfterMs = nextRoundAfterMs(state, { request, result, clock })
    return { state, nextAfterMs, found: result.found }
  }
