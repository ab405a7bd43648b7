import type { Clock } from '../../lib/clock.ts'
import { type AkvError, type AkvErrorCode, toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log.ts'
import type { AccountEvent, SyncCluster } from '../cluster/cluster-port.ts'
import type { EventBudget } from '../cluster/event-budget.ts'
import type { SyncMetrics } from '../metrics.ts'
import type { Account } from '../request/read-account.ts'
import type { Round, Trouble } from './reconcile.ts'

export interface TellerOptions {
  readonly cluster: Pick<SyncCluster, 'createEvent'>
  /** Of the account's own. */
  readonly log: Log
  readonly metrics: Pick<SyncMetrics, 'countFailure'>
  readonly events: EventBudget
  readonly clock: Pick<Clock, 'now'>
}

/** What has been told of an account's troubles, as long as they last: of each subject, the codes. */
export type Told = ReadonlyMap<string, ReadonlyMap<AkvErrorCode, ToldCode>>

interface ToldCode {
  /** False: the Event is still to be written. */
  readonly isThere: boolean
  /** When it is to be told again if it lasts until then: the API server keeps an Event for an hour. */
  readonly againAtMs: number
  readonly intervalMs: number
}

export const nothingTold: Told = new Map()

/** When an Event that could not be written is tried again. */
const retryMs = 5 * 60_000
const firstIntervalMs = 3600_000
const longestIntervalMs = 6 * 3600_000

/** What is left out of an Event is in the log. */
const mostSentences = 5
const maxSentencesLength = 700

/**
 * Tells of a round: to the log, and as Events to who looks at the account. A trouble is told when it begins, not at each
 * try, and again after an hour, two, four, and then every six hours while it lasts. A subject that alternates between
 * errors reports each code once. The end of all troubles is told, too.
 *
 * @returns what has been told then. What could not be told is to be told the next time.
 */
export async function tellRound(
  round: Pick<Round, 'changes' | 'troubles' | 'isFinished'>,
  { account, told, ...options }: TellerOptions & { readonly account: Account; readonly told: Told },
): Promise<Told> {
  const { metrics, clock } = options
  const nowMs = clock.now()
  for (const code of new Set(round.troubles.map(({ error }) => error.code)))
    metrics.countFailure(account, code)
  const tell = (event: Omit<AccountEvent, 'account'>) => tellOnce({ ...event, account }, options)
  const tellGood = async (message: string) => {
    options.log.info(message)
    await tell({ type: 'Normal', reason: 'Synced', message })
  }

  if (round.changes.size > 0) await tellGood(describeChanges(round.changes))
  const now = new Map(
    [...(isBlind(round) ? told.keys() : []), ...round.troubles.map(({ subject }) => subject)].map(
      (subject) => [subject, new Map(told.get(subject))],
    ),
  )
  const codeOf = ({ subject, error }: Trouble) => now.get(subject)?.get(error.code)
  const isNews = (trouble: Trouble) => (codeOf(trouble)?.againAtMs ?? 0) <= nowMs
  const due = round.troubles.filter((trouble) => isNews(trouble) || !codeOf(trouble)?.isThere)
  for (const [code, troubles] of Map.groupBy(due, ({ error }) => error.code)) {
    for (const { message } of distinct(troubles.filter(isNews))) options.log.warn(message, { code })
    const message = describeTroubles(troubles)
    const isThere = await tell({ type: 'Warning', reason: 'SyncFailed', message })
    for (const { subject } of troubles) {
      const codes = now.get(subject)
      codes?.set(code, toldNow(codes.get(code), { isThere, nowMs }))
    }
  }
  const wasTold = [...told.values()].some((codes) =>
    [...codes.values()].some(({ isThere }) => isThere),
  )
  const isOver = round.isFinished && round.troubles.length === 0
  if (wasTold && isOver) await tellGood('everything is in sync again')
  // A round that was stopped has not seen everything.
  return round.isFinished || round.troubles.length > 0 ? now : told
}

function toldNow(
  before: ToldCode | undefined,
  { isThere, nowMs }: { readonly isThere: boolean; readonly nowMs: number },
): ToldCode {
  // Only the Event was missing.
  if (before !== undefined && before.againAtMs > nowMs) return { ...before, isThere }
  const intervalMs =
    before === undefined ? firstIntervalMs : Math.min(2 * before.intervalMs, longestIntervalMs)
  return { isThere, intervalMs, againAtMs: nowMs + intervalMs }
}

/** When the first of what has been told is to be told again, or for the first time if its Event isn't there yet. */
export function tellAgainAfterMs(told: Told, nowMs: number): number {
  const all = [...told.values()].flatMap((codes) => [...codes.values()])
  const times = all.map(({ isThere, againAtMs }) => (isThere ? againAtMs - nowMs : retryMs))
  return Math.max(0, Math.min(...times))
}

/** Where the API server fails, nobody knows whether what was told before is over. */
const isBlind = ({ troubles }: Pick<Round, 'troubles'>): boolean =>
  troubles.some(({ error: { code } }) => code.startsWith('AKV_CLUSTER_'))

/** Whether the Event is there. */
async function tellOnce(
  event: AccountEvent,
  { cluster, log, events }: TellerOptions,
): Promise<boolean> {
  if (!events.take(event.account)) {
    log.debug('no Event: the account has had many of late')
    return false
  }
  try {
    await cluster.createEvent(event)
    return true
  } catch (thrown) {
    const error = toAkvError(thrown)
    log.debug(`no Event: ${error.message}`, { code: error.code })
    return false
  }
}

/** `created Secrets a, b; updated Secret c` */
function describeChanges(changes: Round['changes']): string {
  const groups = Map.groupBy([...changes], ([, change]) => change)
  return [...groups]
    .map(([change, entries]) => {
      const names = entries.map(([name]) => name)
      return `${change} Secret${names.length === 1 ? '' : 's'} ${names.join(', ')}`
    })
    .join('; ')
}

/** `AKV_CODE: what happened; and what else. What to do.` */
function describeTroubles(troubles: readonly Trouble[]): string {
  const errors = distinct(troubles)
  const [first] = errors
  const more = errors.length - mostSentences
  const told = errors
    .slice(0, mostSentences)
    .map(({ message }) => message)
    .join('; ')
  const shortened =
    told.length > maxSentencesLength ? `${told.slice(0, maxSentencesLength)}…` : told
  return withRemedy(`${shortened}${more > 0 ? `; and ${more} more` : ''}`, first)
}

/** One of each sentence. */
const distinct = (troubles: readonly Trouble[]): readonly AkvError[] => [
  ...new Map(troubles.map(({ error }) => [error.message, error])).values(),
]

const withRemedy = (sentences: string, error: AkvError | undefined): string =>
  error === undefined ? sentences : `${error.code}: ${sentences}. ${error.facts.remedy}`
