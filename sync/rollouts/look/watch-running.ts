import { objectsAt } from '../../../lib/shape.ts'
import type { WorkloadRef } from '../cluster/rollout-port.ts'
import { readRolledWorkload } from '../read/read-workload.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { eventObject } from './begin-rollout.ts'
import { reportRollout } from './report-rollout.ts'
import {
  type RolledAccount,
  type RunningRollout,
  watchedMs,
  workloadTitle,
} from './rolled-account.ts'

/** Looks at the roll-outs of an account that haven't completed, and frees the slots of those that have. */
export async function watchRunning(
  rolled: RolledAccount,
  services: RolloutServices,
): Promise<void> {
  for (const running of rolled.running.values()) {
    const end = await endOf(running, services)
    if (end === 'running') continue
    const { ref } = running
    rolled.running.delete(ref.uid)
    services.slots.free(ref.uid)
    rolled.ended.add(ref.uid)
    if (end === 'done') continue
    services.metrics.countFailed(ref.namespace, 'progress')
    noteUndone(rolled, ref, services.cluster.serverTimeMs())
    const message =
      'the roll-out has failed, or takes too long. It isn’t repeated; what keeps the new pods from being ready?'
    const event = {
      object: eventObject({ ref }),
      type: 'Warning',
      reason: 'RolloutFailed',
      message,
    } as const
    await reportRollout(rolled, event, services)
  }
}

/** Looks at it again, until its pods have been replaced. */
function noteUndone({ recorded }: RolledAccount, ref: WorkloadRef, sinceMs: number): void {
  const before = recorded.get(ref.uid) ?? { name: workloadTitle(ref), begunMs: [] }
  recorded.set(ref.uid, { ...before, held: { why: 'undone', sinceMs } })
}

async function endOf(
  { ref, beganAtMs }: RunningRollout,
  { cluster, clock }: RolloutServices,
): Promise<'done' | 'failed' | 'running'> {
  const object = await cluster.readOwner(ref.kind, ref)
  const seen = object && readRolledWorkload(ref.kind, object)
  if (object === undefined || seen?.ref.uid !== ref.uid) return 'done'
  if (seen.facts.state === 'ready') return 'done'
  const hasFailed = objectsAt(object, 'status', 'conditions').some(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  )
  return hasFailed || clock.now() - beganAtMs > watchedMs ? 'failed' : 'running'
}
