import type { RecordedWorkload } from '../../../requests/rollouts/record.ts'
import type { HeldReason } from '../../../requests/rollouts/rollout-names.ts'
import { marginMs } from './margin.ts'

/** What is known of a workload. */
export interface RolledWorkload {
  readonly state: 'ready' | 'paused' | 'rolling' | 'failing'
  /** Which pods a roll-out would replace. Of a StatefulSet with a partition: those with this ordinal or a higher one. */
  readonly replaces: 'all' | 'none' | { readonly fromOrdinal: number }
  /** Whether a roll-out also replaces pods that aren't ready, without waiting for them. */
  readonly replacesUnready: boolean
}

export interface PodFacts {
  readonly createdMs: number
  /**
   * When that started which took the values: the agent if it fetches once, else the app's container that started first. Absent:
   * it hasn't started.
   */
  readonly startedMs?: number | undefined
  /** Of the pod of a StatefulSet. */
  readonly ordinal?: number | undefined
  /** Whether it was made from the template that asks for roll-outs. */
  readonly isOfTemplate: boolean
  readonly isReady: boolean
}

export interface RolloutLimits {
  readonly minIntervalMs: number
  readonly maxPerDay: number
  /** How long to wait for other objects that change together with the first. */
  readonly settleMs: number
}

/** All that decides about one workload. Times are by the API server's clock. */
export interface RolloutFacts {
  readonly workload: RolledWorkload
  readonly pods: readonly PodFacts[]
  /** The objects that its template asks for. `changedMs` is absent if an object has the value that it had in the beginning. */
  readonly objects: readonly { readonly name: string; readonly changedMs?: number | undefined }[]
  readonly recorded: Pick<RecordedWorkload, 'throughMs' | 'begunMs'> | undefined
  /** The beginning of the account. */
  readonly sinceMs: number
  /** When it was first seen that something is old that no roll-out was for. */
  readonly pendingMs: number | undefined
  readonly nowMs: number
  readonly limits: RolloutLimits
}

export type RolloutDecision =
  /** No pod holds an old version. */
  | { readonly kind: 'none' }
  /** Other objects may change together with those that have. */
  | { readonly kind: 'settling'; readonly untilMs: number }
  /** `untilMs`: when the reason ends. Absent: nobody knows */
  | { readonly kind: 'held'; readonly why: HeldReason; readonly untilMs?: number }
  /** `throughMs` has to be recorded before the workload is patched. */
  | { readonly kind: 'begin'; readonly objects: readonly string[]; readonly throughMs: number }

const dayMs = 24 * 3600_000

/** Decides whether to roll out a workload now (docs/specification.md, "Roll-outs"). */
export function decideRollout(facts: RolloutFacts): RolloutDecision {
  const { workload, recorded, pendingMs, nowMs, limits } = facts
  const stale = staleObjects(facts, (pod) => isReplaced(pod, workload))
  if (stale.length === 0) return unreplaced(facts)
  const newer = stale.filter(({ changedMs }) => changedMs > (recorded?.throughMs ?? 0))
  if (newer.length === 0) return afterRollout(facts)
  const settledMs = (pendingMs ?? nowMs) + limits.settleMs
  if (nowMs < settledMs) return { kind: 'settling', untilMs: settledMs }
  if (workload.state !== 'ready' && !isHelped(facts, newer))
    return { kind: 'held', why: workload.state }
  return (
    limitOf(recorded?.begunMs ?? [], facts) ?? {
      kind: 'begin',
      objects: newer.map(({ name }) => name),
      throughMs: Math.max(...newer.map(({ changedMs }) => changedMs)),
    }
  )
}

interface ChangedObject {
  readonly name: string
  readonly changedMs: number
}

/** The objects of which such a pod holds an old version. */
function staleObjects(
  { pods, objects, sinceMs }: RolloutFacts,
  isCounted: (pod: PodFacts) => boolean,
): readonly ChangedObject[] {
  const counted = pods.filter((pod) => pod.isOfTemplate && isCounted(pod))
  return objects.flatMap(({ name, changedMs }) =>
    changedMs !== undefined &&
    changedMs > sinceMs &&
    counted.some((pod) => startedBefore(pod, changedMs + marginMs))
      ? [{ name, changedMs }]
      : [],
  )
}

/** The creation is dated by the API server, and the start by the node. */
const startedBefore = ({ createdMs, startedMs }: PodFacts, ms: number): boolean =>
  startedMs !== undefined && createdMs < ms && startedMs < ms

/**
 * Whether only pods with an old version aren't ready. Somebody may have rotated the object to repair them, and nothing but a roll-out
 * gives them the new one. If a newer pod isn't ready either, the cause is another one.
 */
function isHelped({ workload, pods }: RolloutFacts, newer: readonly ChangedObject[]): boolean {
  const { state, replacesUnready } = workload
  const unready = pods.filter(({ isReady }) => !isReady)
  const isOld = (pod: PodFacts) =>
    pod.isOfTemplate &&
    isReplaced(pod, workload) &&
    newer.some(({ changedMs }) => startedBefore(pod, changedMs + marginMs))
  return state === 'failing' && replacesUnready && unready.length > 0 && unready.every(isOld)
}

function isReplaced({ ordinal }: PodFacts, { replaces }: RolledWorkload): boolean {
  if (replaces === 'all' || replaces === 'none') return replaces === 'all'
  return ordinal !== undefined && ordinal >= replaces.fromOrdinal
}

/** There was a roll-out for all that is old. Within the margin, a pod can look old although that roll-out has made it. */
function afterRollout({ workload, pods, recorded }: RolloutFacts): RolloutDecision {
  const begunMs = Math.max(0, ...(recorded?.begunMs ?? []))
  const isLeft = pods.some((pod) => isReplaced(pod, workload) && startedBefore(pod, begunMs))
  if (!isLeft) return { kind: 'none' }
  return { kind: 'held', why: workload.state === 'rolling' ? 'rolling' : 'undone' }
}

/** Nothing is old that a roll-out would replace. Says so if there are other old pods. */
function unreplaced(facts: RolloutFacts): RolloutDecision {
  const { replaces } = facts.workload
  if (replaces === 'all' || staleObjects(facts, () => true).length === 0) return { kind: 'none' }
  return { kind: 'held', why: replaces === 'none' ? 'on-delete' : 'partition' }
}

function limitOf(
  begunMs: readonly number[],
  { nowMs, limits }: Pick<RolloutFacts, 'nowMs' | 'limits'>,
): RolloutDecision | undefined {
  const soonMs = Math.max(0, ...begunMs) + limits.minIntervalMs
  if (nowMs < soonMs) return { kind: 'held', why: 'too-soon', untilMs: soonMs }
  const ofDay = begunMs.filter((ms) => ms > nowMs - dayMs).toSorted((a, b) => b - a)
  const oldestMs = ofDay[limits.maxPerDay - 1]
  return oldestMs === undefined
    ? undefined
    : { kind: 'held', why: 'daily-limit', untilMs: oldestMs + dayMs }
}
