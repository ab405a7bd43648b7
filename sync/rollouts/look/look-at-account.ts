import type { RolloutServices } from '../services/rollout-services.ts'
import { beginRollout, eventObject } from './begin-rollout.ts'
import { checkWorkload, settleMs } from './check-workload.ts'
import { listIfDue, listWorkloads } from './list-workloads.ts'
import { saveRecord } from './load-account.ts'
import { readChanges } from './read-changes.ts'
import { noteFree, noteHeld } from './report-rollout.ts'
import type { RolledAccount, TrackedWorkload } from './rolled-account.ts'
import { watchRunning } from './watch-running.ts'

/** How often a roll-out is looked at, and whether there is a slot for another one. */
const pollMs = 10_000
/** A patch that was refused is tried again, because nobody tells us when the policy has changed. */
const refusedMs = 60 * 60_000

/**
 * Looks at an account: reads what its workloads ask for, and rolls out those with old pods.
 *
 * @returns after how long to look again
 */
export async function lookAtAccount(
  rolled: RolledAccount,
  services: RolloutServices,
): Promise<{ readonly afterMs: number }> {
  const { clock, settings } = services
  await watchRunning(rolled, services)
  await listIfDue(rolled, services)
  await readIfDue(rolled, services)
  await saveRecord(rolled, services)
  const isWaiting = await rollOutWorkloads(rolled, services)
  await saveRecord(rolled, services)
  const untilReadMs = Math.max(0, rolled.nextReadAtMs - clock.now())
  const isBusy = isWaiting || rolled.running.size > 0
  const times = [untilReadMs, settings.intervalMs, ...checksOf(rolled, clock.now())]
  return { afterMs: Math.min(...times, isBusy ? pollMs : Number.POSITIVE_INFINITY) }
}

/** When the workloads are due that wait for a time. */
const checksOf = ({ workloads }: RolledAccount, nowMs: number): readonly number[] =>
  [...workloads.values()].flatMap(({ nextCheckAtMs }) =>
    nextCheckAtMs > nowMs ? [nextCheckAtMs - nowMs] : [],
  )

async function readIfDue(rolled: RolledAccount, services: RolloutServices): Promise<void> {
  const { clock, settings } = services
  if (clock.now() < rolled.nextReadAtMs) return
  rolled.nextReadAtMs = clock.now() + settings.intervalMs
  const before = new Map(rolled.known)
  rolled.problems = await readChanges(rolled, services)
  const hasChanged = [...rolled.known].some(
    ([name, { changedMs }]) => changedMs !== undefined && changedMs !== before.get(name)?.changedMs,
  )
  if (!hasChanged) return
  // Pods that came since the last list may be old, too. What changes together with this is read again before anything begins.
  await listWorkloads(rolled, services)
  rolled.nextReadAtMs = Math.min(rolled.nextReadAtMs, clock.now() + settleMs)
}

/** @returns whether a workload waits for a slot */
async function rollOutWorkloads(
  rolled: RolledAccount,
  services: RolloutServices,
): Promise<boolean> {
  for (const tracked of rolled.workloads.values()) {
    if (services.signal.aborted) return false
    if (!isDue(rolled, tracked, services)) continue
    const { uid, namespace } = tracked.ref
    if (!services.slots.take(uid, namespace)) return true
    try {
      await rollOut(rolled, tracked, services)
    } finally {
      if (!rolled.running.has(uid)) services.slots.free(uid)
    }
  }
  return false
}

/** Whether something has changed that no roll-out of the workload was for, and has had time to settle. */
function isDue(
  { known, recorded, sinceMs, running, ended }: RolledAccount,
  tracked: TrackedWorkload,
  { clock, cluster }: RolloutServices,
): boolean {
  const { ref, objects } = tracked
  const { throughMs = 0, held } = recorded.get(ref.uid) ?? {}
  const doneMs = Math.max(sinceMs, throughMs)
  const isChanged = objects.some(({ name }) => (known.get(name)?.changedMs ?? 0) > doneMs)
  const isReported = held !== undefined || ended.has(ref.uid)
  if (running.has(ref.uid) || clock.now() < tracked.nextCheckAtMs) return false
  if (!isChanged) {
    tracked.pendingMs = undefined
    return isReported
  }
  if (tracked.pendingMs !== undefined) return true
  tracked.pendingMs = cluster.serverTimeMs()
  tracked.nextCheckAtMs = clock.now() + settleMs
  return false
}

/** Looks at one workload, and rolls it out if the rule says so. */
async function rollOut(
  rolled: RolledAccount,
  tracked: TrackedWorkload,
  services: RolloutServices,
): Promise<void> {
  const { clock, settings, cluster } = services
  const { uid } = tracked.ref
  tracked.nextCheckAtMs = clock.now() + settings.intervalMs
  const checked = await checkWorkload(rolled, tracked, services)
  rolled.ended.delete(uid)
  if (checked === undefined) {
    rolled.workloads.delete(uid)
    return
  }
  const { seen, decision } = checked
  switch (decision.kind) {
    case 'none':
      noteFree(rolled, uid)
      return
    case 'settling':
      tracked.nextCheckAtMs = clock.now() + Math.max(0, decision.untilMs - cluster.serverTimeMs())
      return
    case 'held':
      if (decision.untilMs !== undefined)
        tracked.nextCheckAtMs =
          clock.now() + Math.max(pollMs, decision.untilMs - cluster.serverTimeMs())
      await noteHeld(rolled, { object: eventObject(seen), why: decision.why }, services)
      return
    case 'begin': {
      const end = await beginRollout(rolled, { tracked, seen, begin: decision }, services)
      if (end === 'stale') tracked.nextCheckAtMs = clock.now() + pollMs
      if (end === 'refused') tracked.nextCheckAtMs = clock.now() + refusedMs
      return
    }
    default:
      decision satisfies never
  }
}
