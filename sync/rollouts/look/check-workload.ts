import type { SeenPod } from '../cluster/read-pod.ts'
import { isOfTemplate, readRolledWorkload, type SeenWorkload } from '../read/read-workload.ts'
import {
  decideRollout,
  type PodFacts,
  type RolloutDecision,
  type RolloutFacts,
} from '../rule/decide-rollout.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { workloadOwner } from './find-workloads.ts'
import type { RolledAccount, TrackedWorkload } from './rolled-account.ts'

/** How long to wait for objects that change together with the first. */
export const settleMs = 60_000

interface CheckedWorkload {
  readonly seen: SeenWorkload
  readonly decision: RolloutDecision
}

/**
 * Looks at a workload and its pods, and decides whether to roll it out now.
 *
 * @returns undefined if it has gone, or asks for no roll-outs any more
 */
export async function checkWorkload(
  rolled: RolledAccount,
  tracked: TrackedWorkload,
  services: RolloutServices,
): Promise<CheckedWorkload | undefined> {
  const { cluster } = services
  const { ref, objects, pendingMs } = tracked
  const object = await cluster.readOwner(ref.kind, ref)
  const seen = object && readRolledWorkload(ref.kind, object)
  const isGone = seen?.ref.uid !== ref.uid || seen.owner !== undefined
  if (seen === undefined || isGone || seen.asks === undefined) return undefined
  const { name, namespace } = rolled.account
  if (seen.template.account !== name) return undefined
  const { pods } = await cluster.listPods({ namespace, account: name, labels: seen.labels })
  const { settings } = services
  const { minIntervalMs, maxPerDay } = settings
  const nowMs = cluster.serverTimeMs()
  const decision = decideRollout({
    workload: seen.facts,
    pods: await podFacts(pods, { seen, services }),
    objects: objects.map((asked) => ({
      name: asked.name,
      changedMs: rolled.known.get(asked.name)?.changedMs,
    })),
    recorded: withTemplate(rolled.recorded.get(ref.uid), seen, nowMs),
    sinceMs: rolled.sinceMs,
    pendingMs,
    nowMs,
    limits: { minIntervalMs, maxPerDay, settleMs },
  })
  return { seen, decision }
}

/** The record may be missing, or made up. The template says when the last roll-out began, so it counts for the limits, too. */
function withTemplate(
  recorded: RolloutFacts['recorded'],
  { restartedAt = '' }: SeenWorkload,
  nowMs: number,
): RolloutFacts['recorded'] {
  const restartedMs = Date.parse(restartedAt)
  const begunMs = recorded?.begunMs ?? []
  const isNews = restartedMs <= nowMs && !begunMs.includes(restartedMs)
  if (!isNews) return recorded
  return { ...recorded, begunMs: [...begunMs, restartedMs] }
}

/** The pods that belong to the workload, through the controllers that own them. */
async function podFacts(
  pods: readonly SeenPod[],
  { seen, services }: { readonly seen: SeenWorkload; readonly services: RolloutServices },
): Promise<readonly PodFacts[]> {
  const { namespace, uid, name } = seen.ref
  const { cluster } = services
  const facts: PodFacts[] = []
  for (const ofOwner of Map.groupBy(pods, ({ owner }) => owner?.uid).values()) {
    const owner = ofOwner[0]?.owner
    const top = owner && (await workloadOwner(owner, { namespace, cluster }))
    if (top === undefined || top === 'gone' || top.uid !== uid) continue
    for (const pod of ofOwner) {
      const { createdMs, startedMs, isReady } = pod
      const ordinal = ordinalOf(pod.name, name)
      const isMade = isOfTemplate(pod, seen.template)
      facts.push({ createdMs, startedMs, isReady, ordinal, isOfTemplate: isMade })
    }
  }
  return facts
}

/** The number at the end of the name of a StatefulSet's pod. */
function ordinalOf(pod: string, workload: string): number | undefined {
  const end = pod.startsWith(`${workload}-`) ? pod.slice(workload.length + 1) : ''
  return /^\d{1,9}$/.test(end) ? Number(end) : undefined
}
