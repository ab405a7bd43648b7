import { isObject, valueAt } from '../../../lib/shape.ts'

/**
 * The workload of a pod, such as `Deployment/web`, from the pod alone: a ReplicaSet that a Deployment made has its pods’
 * `pod-template-hash` at the end of its name. Without an owner, it is the pod itself.
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
