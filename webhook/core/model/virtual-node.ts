import { objectsAt, valueAt } from '../../../lib/shape.ts'
import type { Pod } from './pod.ts'

/** The label that virtual-kubelet gives its nodes, with its value; Azure's documentation selects virtual nodes by it. */
const label = { key: 'type', value: 'virtual-kubelet' }
const hostnameLabel = 'kubernetes.io/hostname'
/** The only field that Kubernetes accepts. DaemonSets pin their pods by it. */
const nodeNameField = 'metadata.name'
/** AKS names them `virtual-node-aci-linux`. */
const nodeName = /^virtual-(?:node|kubelet)\b/

/** More terms than any scheduler needs; strangers write pods. */
const maxTerms = 100

/**
 * Whether the pod can only run on a virtual node (virtual-kubelet), by its node's name, its node selector or what its node affinity
 * requires. Tolerating such a node isn't enough.
 */
export function isOnVirtualNode({ spec }: Pod): boolean {
  const { nodeSelector } = spec
  if (nodeName.test(spec.nodeName ?? '')) return true
  if (nodeSelector?.[label.key] === label.value) return true
  if (nodeName.test(nodeSelector?.[hostnameLabel] ?? '')) return true
  const terms = objectsAt(
    spec.affinity,
    ...['nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'],
  )
  // A pod may run where any of the terms matches.
  return terms.length > 0 && terms.length <= maxTerms && terms.every(selectsVirtualNode)
}

const selectsVirtualNode = (term: unknown): boolean =>
  objectsAt(term, 'matchExpressions').some(
    (expression) =>
      (expression['key'] === label.key && hasOnly(expression, (value) => value === label.value)) ||
      (expression['key'] === hostnameLabel && hasOnly(expression, (value) => nodeName.test(value))),
  ) ||
  objectsAt(term, 'matchFields').some(
    (field) => field['key'] === nodeNameField && hasOnly(field, (value) => nodeName.test(value)),
  )

function hasOnly(expression: unknown, accepts: (value: string) => boolean): boolean {
  const values = valueAt(expression, 'values')
  return (
    valueAt(expression, 'operator') === 'In' &&
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((value) => typeof value === 'string' && accepts(value))
  )
}
