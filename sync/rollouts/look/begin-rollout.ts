import { StaleError } from '../../cluster/cluster-port.ts'
import { RefusedPatchError, type WorkloadRef } from '../cluster/rollout-port.ts'
import type { SeenWorkload } from '../read/read-workload.ts'
import type { RolloutDecision } from '../rule/decide-rollout.ts'
import { lastBegun, recordBegun, recordPatched, recordUnpatched } from '../rule/recorded-rollout.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { saveRecord } from './load-account.ts'
import { noteFree, noteHeld, reportRollout } from './report-rollout.ts'
import { type RolledAccount, type TrackedWorkload, workloadTitle } from './rolled-account.ts'

type Begin = Extract<RolloutDecision, { kind: 'begin' }>

/** Named in an Event. */
const maxNamed = 10

/**
 * Records the roll-out, and then patches the template. The record keeps what is needed to find out later whether the patch was
 * made, in case the controller ends or the connection breaks before the answer.
 *
 * @returns what came of it; `stale`: the workload has changed since it was read
 * @throws AkvError if that isn't known: {@link watchRunning} finds out
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
  const { generation, resourceVersion } = seen
  const facts = { throughMs: begin.throughMs, nowMs: cluster.serverTimeMs(), generation }
  const recorded = recordBegun(rolled.recorded.get(ref.uid), { name: workloadTitle(ref), ...facts })
  rolled.recorded.set(ref.uid, recorded)
  try {
    await saveRecord(rolled, services)
  } catch (thrown) {
    noteUnpatched(rolled, ref.uid)
    throw thrown
  }
  rolled.running.set(ref.uid, { ref, beganAtMs: clock.now() })
  try {
    await cluster.patchTemplate(ref, { resourceVersion, restartedAt: lastBegun(recorded) })
  } catch (thrown) {
    const isRefused = thrown instanceof RefusedPatchError
    if (!isRefused && !(thrown instanceof StaleError)) throw thrown
    rolled.running.delete(ref.uid)
    noteUnpatched(rolled, ref.uid)
    if (!isRefused) return 'stale'
    metrics.countFailed(ref.namespace, 'refused')
    const held = { object: eventObject(seen), why: 'refused', detail: thrown.message } as const
    await noteHeld(rolled, held, services)
    return 'refused'
  }
  tracked.pendingMs = undefined
  await noteBegun(rolled, { ref, objects: begin.objects }, services)
  return 'begun'
}

/** The patch was made. */
export async function noteBegun(
  rolled: RolledAccount,
  { ref, objects }: { readonly ref: WorkloadRef; readonly objects: readonly string[] },
  services: RolloutServices,
): Promise<void> {
  const recorded = rolled.recorded.get(ref.uid)
  if (recorded !== undefined) rolled.recorded.set(ref.uid, recordPatched(recorded))
  noteFree(rolled, ref.uid)
  services.metrics.countBegun(ref.namespace)
  const message = `rolling out: ${versionsOf(objects, rolled)} changed`
  await reportRollout(
    rolled,
    { object: eventObject({ ref }), type: 'Normal', reason: 'RolloutBegun', message },
    services,
  )
}

/** The patch wasn't made, so the rule decides again. */
export function noteUnpatched({ recorded }: Pick<RolledAccount, 'recorded'>, uid: string): void {
  const before = recorded.get(uid)
  const after = before && recordUnpatched(before)
  if (after === undefined) recorded.delete(uid)
  else recorded.set(uid, after)
}

export const eventObject = ({ ref }: Pick<SeenWorkload, 'ref'>) => ({
  apiVersion: 'apps/v1',
  ...ref,
})

function versionsOf(names: readonly string[], { known }: RolledAccount): string {
  const named = names.slice(0, maxNamed).map((name) => {
    const version = known.get(name)?.version ?? ''
    // A name may go on with the client that reads the object.
    return version === '' ? name : name.replace(/(?= as |$)/, () => `@${version}`)
  })
  const more = names.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}
