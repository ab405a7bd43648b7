import { AkvError } from '../../lib/errors/akv-error.ts'
import { joinProblems } from '../../lib/problems/problem.ts'
import { mistakeOf } from '../../requests/account/accept-sources.ts'
import { asksForSecrets } from '../../requests/account/read-account.ts'
import { annotationPrefix } from '../../requests/annotations/keys/own-annotations.ts'
import { accountProblem } from '../../requests/source/choose-account.ts'
import { nothingReported, type ReportedSources } from '../account/reported.ts'
import type { Round } from './begin-round.ts'
import type { NextState } from './next-state.ts'
import { nextReportAfterMs } from './report/report.ts'
import type { Reporter } from './report/write-report.ts'
import { type Failure, mistakeFailure } from './result/failure.ts'
import type { RoundServices } from './services.ts'

/** Why nothing is done for an account. Its Secrets stay as they are until a person changes that. */
interface Reason {
  /** Absent if it is intended. */
  readonly failure?: Failure
  /** For the owners of its sources. Absent if it can't have any. */
  readonly sentence?: string
}

/** Whether nothing can be done for the account, or may. */
export const isBlocked = ({ request }: Round): boolean =>
  request === undefined || request.kind === 'off' || request.kind === 'refused'

function reasonOf({ account, request }: Round): Reason {
  // Anyone can write anything into the annotations of an account that isn't enabled, so they aren't even read.
  if (request === undefined) return asksForSecrets(account) ? { failure: notEnabled(account) } : {}
  if (request.kind !== 'refused')
    return { sentence: `has the annotation ${annotationPrefix}inject: "false"; remove it` }
  const message = joinProblems(request.problems)
  const error = new AkvError('AKV_SYNC_ANNOTATION', message)
  return {
    failure: { kind: 'annotations', error },
    sentence: `has wrong annotations: ${message}`,
  }
}

function notEnabled({ namespace, name }: Round['account']): Failure {
  const message = `ServiceAccount ${namespace}/${name} is not enabled in its namespace`
  return { kind: 'account', error: new AkvError('AKV_SYNC_NOT_ENABLED', message) }
}

/** Says why nothing is done for an account, to its owner and to those of its sources. */
export function blockedReporter(
  { sourcesOf, clock }: Pick<RoundServices, 'sourcesOf' | 'clock'>,
  reporter: Reporter,
): (round: Round) => Promise<NextState> {
  async function onSources(round: Round, why: string): Promise<ReportedSources> {
    const { account, assigned } = round
    const sentence = `ServiceAccount ${account.name}, which reads it, ${why}`
    const mistakes = assigned.map((source) => mistakeOf(source, [accountProblem(sentence)]))
    return await reporter.onSources(
      {
        changes: new Map(),
        synced: new Map(),
        turns: new Map(),
        nothingFound: new Map(),
        failures: mistakes.map(mistakeFailure),
        isFinished: true,
      },
      { ...round, request: { sources: [], mistakes }, sources: sourcesOf(account.namespace) },
    )
  }
  return async (round) => {
    const { failure, sentence } = reasonOf(round)
    const reportedSources =
      sentence === undefined ? round.state.reportedSources : await onSources(round, sentence)
    const state = { ...round.state, reportedSources }
    if (failure === undefined)
      return { state: { ...state, reported: nothingReported }, nextAfterMs: undefined }
    const result = { failures: [failure], changes: new Map(), isFinished: false }
    // Anyone who may create accounts can create any number, so those of a namespace share one budget.
    const sharesBudget = round.request === undefined
    const reported = await reporter.onAccount(result, { ...round, sharesBudget })
    // The next round is due when it has to be reported again.
    return {
      state: { ...state, reported },
      nextAfterMs: nextReportAfterMs(reported, clock.now()),
    }
  }
}
