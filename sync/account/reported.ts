import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

/** The failures that have been reported and still last: for each subject, its codes. */
export type Reported = ReadonlyMap<string, ReadonlyMap<AkvErrorCode, ReportedCode>>

export interface ReportedCode {
  /** False if the Event could not be written yet. */
  readonly isWritten: boolean
  /** When to report it again if it still lasts: the API server keeps an Event for an hour. */
  readonly againAtMs: number
  readonly intervalMs: number
}

export const nothingReported: Reported = new Map()

/** What earlier rounds have reported about each source, by its `sourceKey`. */
export type ReportedSources = ReadonlyMap<string, Reported>

export const noneReported: ReportedSources = new Map()
