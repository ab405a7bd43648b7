import { objectAt } from '../../../lib/shape.ts'
import { restartedAtAnnotation } from '../../../requests/rollouts/rollout-names.ts'
import { StaleError } from '../../cluster/cluster-port.ts'
import { RefusedPatchError, type WorkloadRef } from '../cluster/rollout-port.ts'
import type { SeenWorkload } from '../read/read-workload.ts'
import { type RolloutDecision, recordBegun } from '../rule/decide-rollout.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { saveRecord } from './load-account.ts'
import { noteFree, noteHeld, reportRollout } from './report-rollout.ts'
import { type RolledAccount, type TrackedWorkload, workloadTitle } from './rolled-account.ts'

type Begin = Extract<RolloutDecision, { kind: 'begin' }>

/** Named in an Event. */
const maxNamed = 10

/**
 * Records the roll-out, and then patches the template. If the controller ends in between, the roll-out is reported as undone: a loop
 * would be worse.
 *
 * @returns what came of it; `stale`: the workload has changed since it was read
 */
export async function beginRollout(
  rolled: RolledAccount,
  {
    tracked,
    seen,
    begin,
  }: {
    readonly tracked: TrackedWorkload
    readonly seen: SeenWorkload
    readonly begin: Begin
  },
  services: RolloutServices,
): Promise<'begun' | 'stale' | 'refused'> {
  const { cluster, clock, metrics } = services
  const { ref } = tracked
  const nowMs = cluster.serverTimeMs()
  const before = rolled.recorded.get(ref.uid)
  const { throughMs } = begin
  rolled.recorded.set(ref.uid, recordBegun(before, { name: workloadTitle(ref), throughMs, nowMs }))
  const putBack = () => {
    if (before === undefined) rolled.recorded.delete(ref.uid)
    else rolled.recorded.set(ref.uid, before)
  }
  try {
    await saveRecord(rolled, services)
  } catch (thrown) {
    putBack()
    throw thrown
  }
  const restartedAt = new Date(nowMs).toISOString()
  try {
    await cluster.patchTemplate(ref, { resourceVersion: seen.resourceVersion, restartedAt })
  } catch (thrown) {
    if (!(await isPatched(ref, restartedAt, cluster))) {
      putBack()
      if (thrown instanceof StaleError) return 'stale'
      if (!(thrown instanceof RefusedPatchError)) throw thrown
      metrics.countFailed(ref.namespace, 'refused')
      const held = { object: eventObject(seen), why: 'refused', detail: thrown.message } as const
      await noteHeld(rolled, held, services)
      return 'refused'
    }
  }
  rolled.running.set(ref.uid, { ref, beganAtMs: clock.now() })
  tracked.pendingMs = undefined
  noteFree(rolled, ref.uid)
  metrics.countBegun(ref.namespace)
  const message = `rolling out: ${versionsOf(begin.objects, rolled)} changed`
  await reportRollout(
    rolled,
    { object: eventObject(seen), type: 'Normal', reason: 'RolloutBegun', message },
    services,
  )
  return 'begun'
}

/** After a failure, the patch may have been carried out all the same. If that can't be found out, it counts as carried out. */
async function isPatched(
  ref: WorkloadRef,
  restartedAt: string,
  cluster: Pick<RolloutServices['cluster'], 'readOwner'>,
): Promise<boolean> {
  try {
    const object = await cluster.readOwner(ref.kind, ref)
    const template = objectAt(object, 'spec', 'template', 'metadata', 'annotations')
    return template[restartedAtAnnotation] === restartedAt
  } catch {
    return true
  }
}

export const eventObject = ({ ref }: Pick<SeenWorkload, 'ref'>) => ({
  apiVersion: 'apps/v1',
  ...ref,
})

function versionsOf(names: readonly string[], { known }: RolledAccount): string {
  const named = names.slice(0, maxNamed).map((name) => {
    const version = known.get(name)?.version ?? ''
    return version === '' ? name : `${name}@${version}`
  })
  const more = names.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}
