import type { RecordedWorkload, RolloutRecord } from './record.ts'
import type { HeldReason } from './rollout-names.ts'

interface HeldWorkload extends RecordedWorkload {
  readonly held: NonNullable<RecordedWorkload['held']>
}

/** Why something with the annotation can never be rolled out. This is found before any object has changed. */
const obstacles: readonly HeldReason[] = ['bare-pod', 'job', 'other-owner']

export const isObstacle = (why: HeldReason): boolean => obstacles.includes(why)

/**
 * The workloads of an account whose pods hold an old version, and why they aren't rolled out. What can never be rolled out counts only
 * after an object of the account has changed: none of its pods is known to be old before that.
 */
export function heldBack({ sinceMs, objects, workloads }: RolloutRecord): readonly HeldWorkload[] {
  const hasChanged = [...objects.values()].some(({ changedMs = 0 }) => changedMs > sinceMs)
  return [...workloads.values()].filter(
    (workload): workload is HeldWorkload =>
      workload.held !== undefined && (hasChanged || !isObstacle(workload.held.why)),
  )
}
