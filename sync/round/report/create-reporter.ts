import type { Clock } from '../../../lib/clock.ts'
import type { SyncRequest } from '../../../requests/account/account-request.ts'
import { sourceKey } from '../../../requests/secret/source-ref.ts'
import type { AccountState } from '../../account/account-state.ts'
import {
  noneReported,
  nothingReported,
  type Reported,
  type ReportedSources,
} from '../../account/reported.ts'
import type { KnownSources } from '../settle/decide-sources.ts'
import { createReadyPublisher, type ReadyServices } from './publish-ready.ts'
import { type ReportedRound, reportOf, successItem } from './report.ts'
import { type SourceReport, type SourcesResult, sourceReports } from './source-reports.ts'
import { createReportWriter, type ReportServices, type ReportSubject } from './write-report.ts'

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
  const write = createReportWriter(services)
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
    if (!isNews || note === undefined) return
    const items = [successItem(note, [])]
    await write({ codes: [], items, lasting: nothingReported, nowMs: 0 }, { account, source, log })
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
      const next = new Map<string, Reported>()
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
