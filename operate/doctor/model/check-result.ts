/** The outcome of a check. `unknown`: the check could not be made. */
export type CheckMark = 'ok' | 'warning' | 'failure' | 'unknown'

/** The result of one check. */
export interface CheckResult {
  readonly mark: CheckMark
  readonly sentence: string
  /** What to do. */
  readonly hint?: string
}

/** The results of the checks about one part of the cluster, or about one workload. */
export interface DoctorSection {
  readonly title: string
  /** Facts that are shown without a verdict. */
  readonly lines?: readonly string[]
  readonly results: readonly CheckResult[]
}

const result =
  (mark: CheckMark) =>
  (sentence: string, hint?: string): CheckResult => ({
    mark,
    sentence,
    ...(hint !== undefined && { hint }),
  })

/** All is well. There may still be a hint. */
export const passed = result('ok')
/** Something should change, although nothing fails yet. */
export const warned = result('warning')
/** Pods or Secrets fail because of this, or pods start without their secrets. */
export const failed = result('failure')
/** It could not be found out. */
export const unchecked = result('unknown')
