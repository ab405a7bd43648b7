import { onChangeKey, type WorkloadKind } from '../../../requests/annotations/on-change.ts'
import type { HeldReason } from '../../../requests/rollouts/rollout-names.ts'
import { controllerOf, type Owner, type SeenPod } from '../cluster/read-pod.ts'
import type { RolloutCluster, RolloutEvent } from '../cluster/rollout-port.ts'
import { isOfTemplate, readRolledWorkload, type SeenWorkload } from '../read/read-workload.ts'

/** Something that asks for roll-outs and can't have them. */
interface RefusedObject {
  readonly object: RolloutEvent['object']
  readonly why: HeldReason
}

interface FoundWorkloads {
  readonly workloads: readonly SeenWorkload[]
  readonly refused: readonly RefusedObject[]
}

/** Each costs two requests. */
export const maxOwners = 1000

type ReadingCluster = Pick<RolloutCluster, 'readOwner'>

/** The pods of an account by what controls them. Those that nothing controls are under the empty text. */
export const byOwner = (pods: readonly SeenPod[]): ReadonlyMap<string, readonly SeenPod[]> =>
  Map.groupBy(pods, ({ owner }) => owner?.uid ?? '')

/**
 * Finds the workloads of pods that ask for roll-outs.
 *
 * @param pods - of one namespace, {@link byOwner}; of more than {@link maxOwners}, the others are left out
 */
export async function findWorkloads(
  pods: ReadonlyMap<string, readonly SeenPod[]>,
  { namespace, cluster }: { readonly namespace: string; readonly cluster: ReadingCluster },
): Promise<FoundWorkloads> {
  const workloads = new Map<string, SeenWorkload>()
  const refused: RefusedObject[] = []
  for (const ofOwner of [...pods.values()].slice(0, maxOwners)) {
    const [pod] = ofOwner
    const found = pod && (await workloadOf(pod, { namespace, cluster }))
    if (found === undefined) continue
    if ('why' in found) refused.push(found)
    else if (found.owner !== undefined)
      refused.push({ object: { apiVersion: 'apps/v1', ...found.ref }, why: 'other-owner' })
    else
      workloads.set(
        found.ref.uid,
        withServed(found, { ofOwner, other: workloads.get(found.ref.uid) }),
      )
  }
  return { workloads: [...workloads.values()], refused }
}

/**
 * Leaves out the classes whose volumes the webhook doesn't serve for any pod of the template: the driver changes such files itself.
 *
 * @param found - `other`: the same workload, as found by pods of another owner
 */
function withServed(
  workload: SeenWorkload,
  {
    ofOwner,
    other,
  }: { readonly ofOwner: readonly SeenPod[]; readonly other: SeenWorkload | undefined },
): SeenWorkload {
  const { template } = workload
  const made = ofOwner.filter((pod) => isOfTemplate(pod, template))
  const classes = template.classes.filter(
    (name) =>
      other?.template.classes.includes(name) ||
      made.some(({ driverClasses }) => !driverClasses.includes(name)),
  )
  return { ...workload, template: { ...template, classes } }
}

/** The workload of a pod, if it asks for roll-outs, or why it can't have them. */
async function workloadOf(
  pod: SeenPod,
  { namespace, cluster }: { readonly namespace: string; readonly cluster: ReadingCluster },
): Promise<SeenWorkload | RefusedObject | undefined> {
  const refuse = (owner: Owner | undefined, why: HeldReason): RefusedObject | undefined =>
    pod.own[onChangeKey] === undefined
      ? undefined
      : {
          object: {
            namespace,
            ...(owner ?? { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid }),
          },
          why,
        }
  const { owner } = pod
  if (owner === undefined) return refuse(owner, 'bare-pod')
  if (owner.kind === 'Job') return refuse(owner, 'job')
  const top = await workloadOwner(owner, { namespace, cluster })
  if (top === 'gone') return undefined
  if (top === undefined) return refuse(owner, 'other-owner')
  const object = await cluster.readOwner(top.kind, { namespace, name: top.name })
  const workload = object && readRolledWorkload(top.kind, object)
  return workload?.ref.uid === top.uid && workload.asks !== undefined ? workload : undefined
}

interface TopOwner {
  readonly kind: WorkloadKind
  readonly name: string
  readonly uid: string
}

/** Follows the owners of a pod to a Deployment, a StatefulSet or a DaemonSet. Undefined if they don't lead to one. */
export async function workloadOwner(
  { apiVersion, kind, name, uid }: Owner,
  { namespace, cluster }: { readonly namespace: string; readonly cluster: ReadingCluster },
): Promise<TopOwner | 'gone' | undefined> {
  if (apiVersion !== 'apps/v1') return undefined
  if (kind === 'StatefulSet' || kind === 'DaemonSet') return { kind, name, uid }
  if (kind !== 'ReplicaSet') return undefined
  const object = await cluster.readOwner(kind, { namespace, name })
  // Whoever creates a pod can name any owner. Only one that exists has the UID.
  if (object === undefined || !hasUid(object, uid)) return 'gone'
  const top = controllerOf(object)
  return top?.apiVersion === 'apps/v1' && top.kind === 'Deployment'
    ? { kind: top.kind, name: top.name, uid: top.uid }
    : undefined
}

const hasUid = (object: { readonly metadata?: unknown }, uid: string): boolean =>
  (object.metadata as { readonly uid?: unknown } | undefined)?.uid === uid
