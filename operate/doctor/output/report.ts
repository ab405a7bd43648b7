import type { ExitCode } from '../../../command/exit-code.ts'
import type { CheckMark, CheckResult, DoctorSection } from '../model/check-result.ts'

/** Everything that `doctor` reports, in whichever form it prints it. */
export interface DoctorReport {
  /** What was looked at: `akv-injector in namespace akv-injector`. */
  readonly title: string
  readonly sections: readonly DoctorSection[]
}

/** How many checks ended with each mark. */
export function countMarks({ sections }: DoctorReport): Readonly<Record<CheckMark, number>> {
  const results = sections.flatMap((section): readonly CheckResult[] => section.results)
  const count = (mark: CheckMark) => results.filter((result) => result.mark === mark).length
  return {
    ok: count('ok'),
    warning: count('warning'),
    failure: count('failure'),
    unknown: count('unknown'),
  }
}

/** A warning, and what could not be checked, aren't failures. */
export const exitCodeOf = (report: DoctorReport): ExitCode =>
  countMarks(report).failure > 0 ? 1 : 0
