import { isObject, valueAt } from '../../../lib/shape.ts'

/**
 * Names the workload of a pod, such as `Deployment/web`, from the pod alone: if a Deployment made the ReplicaSet that
 * owns the pod, its name ends with the pod's `pod-template-hash`. A pod without an owner is its own workload.
 */
export function workloadOf(pod: unknown): string {
  const owners = valueAt(pod, 'metadata', 'ownerReferences')
  const owner = Array.isArray(owners)
    ? owners.find((owner) => isObject(owner) && owner['controller'] === true)
    : undefined
  const kind = valueAt(owner, 'kind')
  const name = valueAt(owner, 'name')
  if (typeof kind !== 'string' || typeof name !== 'string')
    return `Pod/${String(valueAt(pod, 'metadata', 'name'))}`
  const hash = valueAt(pod, 'metadata', 'labels', 'pod-template-hash')
  return kind === 'ReplicaSet' && typeof hash === 'string' && name.endsWith(`-${hash}`)
    ? `Deployment/${name.slice(0, -hash.length - 1)}`
    : `${kind}/${name}`
}
