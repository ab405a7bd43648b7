import { type JsonObject, objectsAt } from '../../../lib/shape.ts'
import type { WorkloadRef } from '../cluster/rollout-port.ts'
import { readRolledWorkload, type SeenWorkload } from '../read/read-workload.ts'
import { lastBegun, patchOutcome, recordPatched } from '../rule/recorded-rollout.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { eventObject, noteBegun, noteUnpatched } from './begin-rollout.ts'
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
    const { ref } = running
    const object = await services.cluster.readOwner(ref.kind, ref)
    const end = object === undefined ? 'done' : await endOf(object, { running, rolled, services })
    if (end === 'running') continue
    rolled.running.delete(ref.uid)
    services.slots.free(ref.uid)
    rolled.ended.add(ref.uid)
    if (end === 'failed') await noteFailed(rolled, ref, services)
  }
}

async function noteFailed(
  rolled: RolledAccount,
  ref: WorkloadRef,
  services: RolloutServices,
): Promise<void> {
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

/** Looks at it again, until its pods have been replaced. */
function noteUndone({ recorded }: RolledAccount, ref: WorkloadRef, sinceMs: number): void {
  const before = recorded.get(ref.uid) ?? { name: workloadTitle(ref), begunMs: [] }
  recorded.set(ref.uid, { ...before, held: { why: 'undone', sinceMs } })
}

async function endOf(
  object: JsonObject,
  {
    running: { ref, beganAtMs },
    rolled,
    services,
  }: {
    readonly running: RunningRollout
    readonly rolled: RolledAccount
    readonly services: RolloutServices
  },
): Promise<'done' | 'failed' | 'running'> {
  const seen = readRolledWorkload(ref.kind, object)
  if (seen?.ref.uid !== ref.uid) return 'done'
  const outcome = await findOutcome(seen, rolled, services)
  if (outcome !== 'made') return outcome === 'unmade' ? 'done' : 'running'
  if (seen.facts.state === 'ready') return 'done'
  // Until the patch is observed, the status is about the roll-out before.
  const hasFailed =
    seen.facts.state !== 'rolling' &&
    objectsAt(object, 'status', 'conditions').some(
      ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
    )
  return hasFailed || services.clock.now() - beganAtMs > watchedMs ? 'failed' : 'running'
}

/** Whether the patch was made, if that isn't known yet. */
async function findOutcome(
  seen: SeenWorkload,
  rolled: RolledAccount,
  services: RolloutServices,
): Promise<ReturnType<typeof patchOutcome>> {
  const { ref } = seen
  const recorded = rolled.recorded.get(ref.uid)
  if (recorded?.patching === undefined) return 'made'
  const outcome = patchOutcome(recorded, seen, services.cluster.serverTimeMs())
  if (outcome === 'unmade') noteUnpatched(rolled, ref.uid)
  if (outcome !== 'made') return outcome
  const { throughMs } = recorded
  if (seen.restartedAt !== lastBegun(recorded)) {
    rolled.recorded.set(ref.uid, recordPatched(recorded))
    return outcome
  }
  const newest = [...rolled.known].filter(([, { changedMs }]) => changedMs === throughMs)
  await noteBegun(rolled, { ref, objects: newest.map(([name]) => name) }, services)
  return outcome
}
