import type { Log } from '../init-agent/log.ts'
import { type AkvError, type AkvErrorCode, toAkvError } from '../keyvault/errors.ts'
import type { SyncMetrics } from './metrics.ts'
import type { Account } from './read-account.ts'
import type { Round, Trouble } from './reconcile.ts'
import type { AccountEvent, SyncCluster } from './sync-cluster.ts'

export interface TellerOptions {
  readonly cluster: Pick<SyncCluster, 'createEvent'>
  /** Of the account's own. */
  readonly log: Log
  readonly metrics: Pick<SyncMetrics, 'countFailure'>
}

/** What has been told of an account's troubles, as long as they last: the codes of each subject. */
export type Told = ReadonlyMap<string, ReadonlySet<AkvErrorCode>>

export const nothingTold: Told = new Map()

/** What is left out of an Event is in the log. */
const mostSentences = 5
const maxSentencesLength = 700

/**
 * Tells of a round: to the log, and as Events to who looks at the account. Each change of state once: a trouble when it
 * comes, and when all are over, but not at each try; a subject that fails now so, now otherwise, is told of each way once.
 *
 * @returns what has been told then. What could not be told is to be told the next time.
 */
export async function tellRound(
  round: Pick<Round, 'changes' | 'troubles' | 'isFinished'>,
  { account, told, ...options }: TellerOptions & { readonly account: Account; readonly told: Told },
): Promise<Told> {
  const { metrics } = options
  for (const code of new Set(round.troubles.map(({ error }) => error.code)))
    metrics.countFailure(code)
  const tell = (event: Omit<AccountEvent, 'account'>) => tellOnce({ ...event, account }, options)
  const tellGood = async (message: string) => {
    options.log.info(message)
    await tell({ type: 'Normal', reason: 'Synced', message })
  }

  if (round.changes.size > 0) await tellGood(describeChanges(round.changes))
  const now = new Map(
    [...(isBlind(round) ? told.keys() : []), ...round.troubles.map(({ subject }) => subject)].map(
      (subject) => [subject, new Set(told.get(subject))],
    ),
  )
  const news = round.troubles.filter(({ subject, error }) => !now.get(subject)?.has(error.code))
  for (const [code, troubles] of Map.groupBy(news, ({ error }) => error.code)) {
    for (const { message } of distinct(troubles)) options.log.warn(message, { code })
    const message = describeTroubles(troubles)
    if (await tell({ type: 'Warning', reason: 'SyncFailed', message }))
      for (const { subject } of troubles) now.get(subject)?.add(code)
  }
  const wasTold = [...told.values()].some(({ size }) => size > 0)
  const isOver = round.isFinished && round.troubles.length === 0
  if (wasTold && isOver) await tellGood('everything is in sync again')
  // A round that was stopped has not seen everything.
  return round.isFinished || round.troubles.length > 0 ? now : told
}

/** Where the API server fails, nobody knows whether what was told before is over. */
const isBlind = ({ troubles }: Pick<Round, 'troubles'>): boolean =>
  troubles.some(({ error: { code } }) => code.startsWith('AKV_CLUSTER_'))

/** Whether the Event is there. */
async function tellOnce(event: AccountEvent, { cluster, log }: TellerOptions): Promise<boolean> {
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
