import type { ExitCode } from '../../../command/exit-code.ts'
import type { CheckMark, CheckResult, DoctorSection } from '../model/check-result.ts'
import type { PodVerdict } from '../verdict/fault.ts'

/** Everything that `doctor` reports, in whichever form it prints it. */
export interface DoctorReport {
  /** Of a workload: whether the fault is akv-injector's. */
  readonly verdict?: PodVerdict
  /** The subject of the report: `akv-injector in namespace akv-injector`. */
  readonly title: string
  readonly sections: readonly DoctorSection[]
}

/** Counts the checks by outcome. */
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

/** Only failures count. Warnings, and checks that could not be made, don't. */
export const exitCodeOf = (report: DoctorReport): ExitCode =>
  countMarks(report).failure > 0 ? 1 : 0
