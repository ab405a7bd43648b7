import type { Clock } from '../../../lib/clock.ts'
import { toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'
import type { AccountState } from '../../account/account-state.ts'
import { noneReported, type Reported, type ReportedSources } from '../../account/reported.ts'
import type { AccountEvent, SyncCluster } from '../../cluster/cluster-port.ts'
import type { EventBudget } from '../../cluster/event-budget.ts'
import type { SyncMetrics } from '../../metrics/metrics.ts'
import type { KnownSources } from '../settle/decide-sources.ts'
import { createReadyPublisher, type ReadyServices } from './publish-ready.ts'
import {
  type ReportedRound,
  type ReportItem,
  type RoundReport,
  reportedAfter,
  reportOf,
  syncedEvent,
} from './report.ts'
import {
  isResting,
  type SourceReport,
  type SourcesResult,
  sourceReports,
} from './source-reports.ts'

interface ReportServices {
  readonly cluster: Pick<SyncCluster, 'createEvent'>
  readonly metrics: Pick<SyncMetrics, 'countFailure'>
  readonly events: EventBudget
}

/** What a report is about. */
interface ReportSubject {
  readonly account: Account
  /** The source that the Events are about. Absent: they are about the account. */
  readonly source?: AccountEvent['source']
  /** Names the account in each line. */
  readonly log: Log
  /** The Events of all such accounts in the namespace share one budget. */
  readonly sharesBudget?: boolean
}

/** Writes reports to the metrics, to the log, and as Events. */
export function createReportWriter({ cluster, metrics, events }: ReportServices) {
  async function writeEvent(event: ReportItem['event'], subject: ReportSubject): Promise<boolean> {
    const { account, source, log, sharesBudget } = subject
    if (!events.take(sharesBudget ? { ...account, name: '' } : account)) {
      log.debug('no Event written: the account has had too many recently')
      return false
    }
    try {
      await cluster.createEvent({ ...event, account, ...(source && { source }) })
      return true
    } catch (thrown) {
      const { code, message } = toAkvError(thrown)
      log.debug(`no Event written: ${message}`, { code })
      return false
    }
  }
  return {
    writeEvent,
    /** Writes a whole report. Returns what has been reported by then. */
    async write(report: RoundReport, subject: ReportSubject): Promise<Reported> {
      const { account, log } = subject
      for (const code of report.codes) metrics.countFailure(account, code)
      const written: { item: ReportItem; isWritten: boolean }[] = []
      for (const item of report.items) {
        for (const { level, message, ...details } of item.lines)
          log[level](message, ...(details.code === undefined ? [] : [details]))
        written.push({ item, isWritten: await writeEvent(item.event, subject) })
      }
      return reportedAfter(report, written)
    },
  }
}

/** A round whose result is reported. */
interface RoundToReport extends ReportSubject {
  /** At the beginning of the round. */
  readonly state: AccountState
}

export type Reporter = ReturnType<typeof createReporter>

export function createReporter(
  services: ReportServices & ReadyServices & { readonly clock: Pick<Clock, 'now'> },
) {
  const { clock } = services
  const { write, writeEvent } = createReportWriter(services)
  const { publish } = createReadyPublisher(services)

  async function publishStatus(
    { source, status }: SourceReport,
    { account, log }: RoundToReport,
  ): Promise<void> {
    if (status === undefined) return
    const { before, note, ...said } = status
    const { namespace } = account
    const { name, uid } = source
    const object = { kind: 'ExternalSecret', namespace, name, uid, before } as const
    const isNews = await publish(object, { ...said, log })
    if (isNews && note !== undefined) await writeEvent(syncedEvent(note), { account, source, log })
  }
  return {
    /** Reports a round on its account. Returns what has been reported by then. */
    onAccount: async (
      result: ReportedRound,
      { state, ...subject }: RoundToReport,
    ): Promise<Reported> =>
      await write(reportOf(result, { reported: state.reported, nowMs: clock.now() }), subject),
    /** Reports a round on each of the sources of its account, and publishes their statuses. */
    async onSources(
      result: SourcesResult,
      round: RoundToReport & {
        readonly request: Pick<SyncRequest, 'sources' | 'mistakes'>
        readonly sources: KnownSources
      },
    ): Promise<ReportedSources> {
      const { account, state, log } = round
      const resting = round.request.sources.filter((source) => isResting(source, result))
      const next = new Map<string, Reported>(
        resting.flatMap(({ ref }) => {
          const before = state.reportedSources.get(sourceKey(ref))
          return before ? [[sourceKey(ref), before] as const] : []
        }),
      )
      for (const sourceReport of sourceReports(result, {
        ...round,
        reported: state.reportedSources,
        nowMs: clock.now(),
      })) {
        const { source, report } = sourceReport
        const after = await write(report, { account, source, log })
        if (after.size > 0) next.set(sourceKey(source), after)
        await publishStatus(sourceReport, round)
      }
      return next.size === 0 ? noneReported : next
    },
  }
}
