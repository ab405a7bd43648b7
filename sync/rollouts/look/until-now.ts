import type { RecordedWorkload, RolloutRecord } from '../../../requests/rollouts/record.ts'

/**
 * Replaces times in the future by now. Whoever may write the account can write any time, and the clock of the API server may have
 * been wrong: with a time in the future, nothing would be rolled out until then.
 */
export function untilNow(record: RolloutRecord, nowMs: number): RolloutRecord {
  const { sinceMs, objects, workloads } = record
  const past = (ms: number) => Math.min(ms, nowMs)
  const workload = ({ patching, ...entry }: RecordedWorkload): RecordedWorkload => ({
    ...entry,
    ...(entry.throughMs !== undefined && { throughMs: past(entry.throughMs) }),
    begunMs: entry.begunMs.map(past),
    ...(patching !== undefined && {
      patching: {
        ...patching,
        ...(patching.throughMs !== undefined && { throughMs: past(patching.throughMs) }),
      },
    }),
  })
  return {
    sinceMs: past(sinceMs),
    objects: new Map(
      [...objects].map(([name, { changedMs, ...entry }]) => [
        name,
        { ...entry, ...(changedMs !== undefined && { changedMs: past(changedMs) }) },
      ]),
    ),
    workloads: new Map([...workloads].map(([uid, entry]) => [uid, workload(entry)])),
  }
}
