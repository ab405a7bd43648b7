import type { RecordedWorkload } from '../../../requests/rollouts/record.ts'

const dayMs = 24 * 3600_000
/** The API server ends a request after a minute (its `--request-timeout`), so a patch that hasn't been made by then never will be. */
const requestMs = 90_000

/** What to remember of a workload before it is patched. */
export function recordBegun(
  recorded: RecordedWorkload | undefined,
  begin: {
    readonly name: string
    readonly throughMs: number
    readonly nowMs: number
    /** The workload's `metadata.generation`. */
    readonly generation: number
  },
): RecordedWorkload {
  const { name, throughMs, nowMs, generation } = begin
  const { throughMs: before, begunMs = [] } = recorded ?? {}
  return {
    ...recorded,
    name,
    throughMs: Math.max(throughMs, before ?? 0),
    begunMs: [...begunMs.filter((ms) => ms > nowMs - dayMs), nowMs],
    patching: { generation, ...(before !== undefined && { throughMs: before }) },
  }
}

/** What to remember of a workload that has been patched. */
export const recordPatched = ({ patching: _, ...recorded }: RecordedWorkload): RecordedWorkload =>
  recorded

/** What to remember of a workload that wasn't patched: the same as before. Undefined if that is nothing. */
export function recordUnpatched({
  patching,
  throughMs: _,
  begunMs,
  ...rest
}: RecordedWorkload): RecordedWorkload | undefined {
  const throughMs = patching?.throughMs
  const before = begunMs.slice(0, -1)
  return throughMs === undefined && before.length === 0 && rest.held === undefined
    ? undefined
    : { ...rest, begunMs: before, ...(throughMs !== undefined && { throughMs }) }
}

/** When the last roll-out of a workload was begun, as the annotation of its template says it. */
export const lastBegun = ({ begunMs }: Pick<RecordedWorkload, 'begunMs'>): string =>
  new Date(begunMs.at(-1) ?? 0).toISOString()

/**
 * Finds out whether the patch was made whose answer wasn't recorded, because the controller ended or the connection broke. A
 * patch and its undo are two changes of the workload, so if there was at most one and it isn't ours, the patch wasn't made.
 */
export function patchOutcome(
  recorded: RecordedWorkload,
  workload: { readonly generation: number; readonly restartedAt: string | undefined },
  nowMs: number,
): 'made' | 'unmade' | 'unknown' {
  const { patching, begunMs } = recorded
  if (patching === undefined || workload.restartedAt === lastBegun(recorded)) return 'made'
  if (workload.generation > patching.generation + 1) return 'made'
  return nowMs < (begunMs.at(-1) ?? 0) + requestMs ? 'unknown' : 'unmade'
}
