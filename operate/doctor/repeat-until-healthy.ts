import { setTimeout as delay } from 'node:timers/promises'
import type { ExitCode } from '../../command/exit-code.ts'
import { countOf } from '../../lib/count-of.ts'
import { createProgress } from '../../lib/terminal/terminal-progress.ts'
import { printReport } from './output/print-report.ts'
import { countMarks, type DoctorReport, exitCodeOf } from './output/report.ts'
import { reportJson } from './output/report-json.ts'

export interface RepeatOptions {
  readonly output: 'text' | 'json'
  /** How many seconds to keep repeating the checks while something fails. */
  readonly wait?: number
}

/** The pause between two rounds of checks. */
const pauseMs = 2_000

/** Repeats the checks until nothing fails or the time is up, and prints the last report. */
export async function repeatUntilHealthy(
  { output, wait: waitSeconds = 0 }: RepeatOptions,
  makeReport: () => Promise<DoctorReport>,
): Promise<ExitCode> {
  const progress = createProgress()
  const untilMs = performance.now() + waitSeconds * 1000
  progress.show('asking the cluster')
  try {
    let report = await makeReport()
    while (exitCodeOf(report) !== 0 && performance.now() + pauseMs < untilMs) {
      progress.show(`waiting: ${countOf(countMarks(report).failure, 'failure')}`)
      await delay(pauseMs)
      report = await makeReport()
    }
    progress.hide()
    if (output === 'json') process.stdout.write(reportJson(report))
    else printReport(report, process.stdout)
    return exitCodeOf(report)
  } finally {
    progress.hide()
  }
}
