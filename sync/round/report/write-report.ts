import { toAkvError } from '../../../lib/errors/akv-error.ts'
import type { Log } from '../../../lib/log/log.ts'
import type { Account } from '../../../requests/account/account.ts'
import type { Reported } from '../../account/reported.ts'
import type { AccountEvent, SyncCluster } from '../../cluster/cluster-port.ts'
import type { EventBudget } from '../../cluster/event-budget.ts'
import type { SyncMetrics } from '../../metrics/metrics.ts'
import { type ReportItem, type RoundReport, reportedAfter } from './report.ts'

export interface ReportServices {
  readonly cluster: Pick<SyncCluster, 'createEvent'>
  readonly metrics: Pick<SyncMetrics, 'countFailure'>
  readonly events: EventBudget
}

/** What a report is about. */
export interface ReportSubject {
  readonly account: Account
  /** The source that the Events are about. Absent: they are about the account. */
  readonly source?: AccountEvent['source']
  /** Names the account in each line. */
  readonly log: Log
  /** The Events of all such accounts in the namespace share one budget. */
  readonly sharesBudget?: boolean
}

/** Writes reports to the metrics, to the log, and as Events. The function returns what has been reported by then. */
export function createReportWriter({ cluster, metrics, events }: ReportServices) {
  async function writeEvent(item: ReportItem, subject: ReportSubject): Promise<boolean> {
    const { account, source, log, sharesBudget } = subject
    if (!events.take(sharesBudget ? { ...account, name: '' } : account)) {
      log.debug('no Event written: the account has had too many recently')
      return false
    }
    try {
      await cluster.createEvent({ ...item.event, account, ...(source && { source }) })
      return true
    } catch (thrown) {
      const { code, message } = toAkvError(thrown)
      log.debug(`no Event written: ${message}`, { code })
      return false
    }
  }
  return async (report: RoundReport, subject: ReportSubject): Promise<Reported> => {
    const { account, log } = subject
    for (const code of report.codes) metrics.countFailure(account, code)
    const written: { item: ReportItem; isWritten: boolean }[] = []
    for (const item of report.items) {
      for (const { level, message, code } of item.lines)
        log[level](message, ...(code === undefined ? [] : [{ code }]))
      written.push({ item, isWritten: await writeEvent(item, subject) })
    }
    return reportedAfter(report, written)
  }
}
