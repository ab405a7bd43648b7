import { maxListedPods } from '../cluster/rollout-port.ts'
import { askedObjects } from '../read/asked-objects.ts'
import type { RolloutServices } from '../services/rollout-services.ts'
import { byOwner, findWorkloads, maxOwners } from './find-workloads.ts'
import { maxAskedObjects } from './read-changes.ts'
import { readClasses } from './read-classes.ts'
import { noteFree, noteHeld } from './report-rollout.ts'
import type { RolledAccount, TrackedWorkload } from './rolled-account.ts'

/** Workloads, and their classes, may ask for other objects, or no longer for any. They are also listed whenever an object has changed. */
const listMs = 60 * 60_000
/** How soon pods of new workloads, and of new templates, are found. If there are none, this takes one request for 100 pods. */
const searchMs = 10 * 60_000

/** Lists the workloads of an account each hour. More often, looks only whether there are new ones. */
export async function listIfDue(rolled: RolledAccount, services: RolloutServices): Promise<void> {
  const { clock } = services
  if (clock.now() >= rolled.nextListAtMs) await listWorkloads(rolled, services)
  else if (clock.now() >= rolled.nextSearchAtMs) await findNewWorkloads(rolled, services)
}

export async function listWorkloads(
  rolled: RolledAccount,
  services: RolloutServices,
): Promise<void> {
  const pods = await listPods(rolled, services)
  const { tracked, refused, problems } = await readWorkloads(pods, { rolled, services })
  rolled.workloads = tracked
  rolled.classProblems = problems
  rolled.owners = new Set(pods.keys())
  for (const held of refused) await noteHeld(rolled, held, services)
  forgetGone(rolled, { refused: new Set(refused.map(({ object }) => object.uid)), services })
  rolled.nextListAtMs = services.clock.now() + (problems.length > 0 ? searchMs : listMs)
}

/** Reads only the workloads of pods whose owner is new. */
async function findNewWorkloads(rolled: RolledAccount, services: RolloutServices): Promise<void> {
  const before = rolled.owners
  const pods = await listPods(rolled, services)
  const added = new Map([...pods].filter(([owner]) => !before.has(owner)))
  const { tracked, refused, problems } = await readWorkloads(added, { rolled, services })
  rolled.workloads = new Map([...rolled.workloads, ...tracked])
  if (problems.length > 0) {
    rolled.classProblems = problems
    rolled.nextListAtMs = Math.min(rolled.nextListAtMs, services.clock.now() + searchMs)
  }
  // Not before: if a request fails, these owners are still new at the next search.
  rolled.owners = new Set(pods.keys())
  for (const held of refused) await noteHeld(rolled, held, services)
}

async function listPods(
  rolled: RolledAccount,
  { clock, cluster }: RolloutServices,
): Promise<ReturnType<typeof byOwner>> {
  const { namespace, name } = rolled.account
  const { pods, isCut } = await cluster.listPods({ namespace, account: name })
  const owned = byOwner(pods)
  rolled.listProblems = [
    ...(isCut ? [`it has more than ${maxListedPods} pods, and the others are left out`] : []),
    ...(owned.size > maxOwners
      ? [`its pods belong to ${owned.size} workloads, and only the first ${maxOwners} are watched`]
      : []),
  ].map((sentence) => `${sentence}; use more accounts`)
  rolled.nextSearchAtMs = clock.now() + searchMs
  return owned
}

/** Reads the workloads of pods, with their classes, and what they ask for. */
async function readWorkloads(
  pods: ReturnType<typeof byOwner>,
  { rolled, services }: { readonly rolled: RolledAccount; readonly services: RolloutServices },
) {
  const { cluster, policy } = services
  const { namespace } = rolled.account
  const { workloads, refused } = await findWorkloads(pods, { namespace, cluster })
  const { classes, problems } = await readClasses(workloads, { namespace, services })
  const tracked = workloads.map((seen): [string, TrackedWorkload] => {
    const { uid } = seen.ref
    const { pendingMs, nextCheckAtMs = 0 } = rolled.workloads.get(uid) ?? {}
    // One more than are watched, so that the log says that there are more.
    const objects = askedObjects(seen, { policy, classes }).slice(0, maxAskedObjects + 1)
    return [uid, { ref: seen.ref, objects, pendingMs, nextCheckAtMs }]
  })
  return { tracked: new Map(tracked), refused, problems }
}

/** Nothing holds workloads without pods back. Drops what is recorded of those that were last rolled out a day ago. */
function forgetGone(
  { recorded, workloads, ended }: RolledAccount,
  {
    refused,
    services,
  }: { readonly refused: ReadonlySet<string>; readonly services: RolloutServices },
): void {
  const dayAgoMs = services.cluster.serverTimeMs() - 24 * 3600_000
  for (const uid of ended) if (!workloads.has(uid)) ended.delete(uid)
  for (const [uid, { throughMs = 0, begunMs }] of recorded) {
    if (workloads.has(uid) || refused.has(uid)) continue
    noteFree({ recorded }, uid)
    if (Math.max(throughMs, ...begunMs) <= dayAgoMs) recorded.delete(uid)
  }
}
