/** How a check ended. `unknown`: it could not be made. */
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
  /** What is known, without a judgement. */
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

/** All is well. A hint may say what to keep in mind. */
export const passed = result('ok')
/** Something should be changed, but nothing fails because of it yet. */
export const warned = result('warning')
/** Pods or Secrets fail because of it, or start without their secrets. */
export const failed = result('failure')
/** It could not be found out. */
export const unchecked = result('unknown')
