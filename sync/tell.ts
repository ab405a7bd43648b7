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

/** What is left out is in the log. */
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
  const tell = (event: Omit<AccountEvent, 'account'>, code?: AkvErrorCode) =>
    tellOnce({ ...event, account }, { ...options, code })

  if (round.changes.size > 0)
    await tell({ type: 'Normal', reason: 'Synced', message: describeChanges(round.changes) })
  const now = new Map(round.troubles.map(({ subject }) => [subject, new Set(told.get(subject))]))
  const news = round.troubles.filter(({ subject, error }) => !now.get(subject)?.has(error.code))
  for (const [code, troubles] of Map.groupBy(news, ({ error }) => error.code)) {
    const message = describeTroubles(troubles)
    if (await tell({ type: 'Warning', reason: 'SyncFailed', message }, code))
      for (const { subject } of troubles) now.get(subject)?.add(code)
  }
  const wasTold = [...told.values()].some(({ size }) => size > 0)
  if (wasTold && round.isFinished)
    await tell({ type: 'Normal', reason: 'Synced', message: 'everything is in sync again' })
  // A round that was stopped has not seen everything.
  return round.isFinished || round.troubles.length > 0 ? now : told
}

/** Whether the Event is there. */
async function tellOnce(
  event: AccountEvent,
  { cluster, log, code }: TellerOptions & { readonly code: AkvErrorCode | undefined },
): Promise<boolean> {
  const { type, message } = event
  log[type === 'Warning' ? 'warn' : 'info'](message, code && { code })
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
  const sentences = [...new Set(troubles.map(({ error }) => error.message))]
  const [first] = troubles
  const more = sentences.length - mostSentences
  const told = sentences.slice(0, mostSentences).join('; ')
  const shortened =
    told.length > maxSentencesLength ? `${told.slice(0, maxSentencesLength)}…` : told
  return withRemedy(`${shortened}${more > 0 ? `; and ${more} more` : ''}`, first?.error)
}

const withRemedy = (sentences: string, error: AkvError | undefined): string =>
  error === undefined ? sentences : `${error.code}: ${sentences}. ${error.facts.remedy}`
