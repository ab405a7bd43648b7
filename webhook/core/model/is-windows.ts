import { objectsAt, valueAt } from '../../../lib/shape.ts'
import { allContainers, type Pod } from './pod.ts'

/**
 * Whether the pod can run only on Windows. A pod that may run on either system counts as one for Linux.
 *
 * `os.name` decides if it is there, because a kubelet rejects a pod for another system. Host processes exist only on Windows. Else a
 * node selector or the required node affinity decides, by the labels that each kubelet sets on its node.
 */
export function isWindows(pod: Pod): boolean {
  const { os, nodeSelector, affinity } = pod.spec
  if (os?.name) return os.name === 'windows'
  return (
    osLabels.some((label) => nodeSelector?.[label] === 'windows') ||
    [pod.spec, ...allContainers(pod)].some(isHostProcess) ||
    requiresWindows(affinity)
  )
}

const osLabels = ['kubernetes.io/os', 'beta.kubernetes.io/os']

const isHostProcess = (of: object): boolean =>
  valueAt(of, 'securityContext', 'windowsOptions', 'hostProcess') === true

/** The pod runs where any of the terms matches. An empty term matches no node. */
function requiresWindows(affinity: unknown): boolean {
  const required = 'requiredDuringSchedulingIgnoredDuringExecution'
  const terms = objectsAt(affinity, 'nodeAffinity', required, 'nodeSelectorTerms')
  const matching = terms.filter((term) =>
    ['matchExpressions', 'matchFields'].some((list) => objectsAt(term, list).length > 0),
  )
  return (
    matching.length > 0 &&
    matching.every((term) => objectsAt(term, 'matchExpressions').some(excludesLinux))
  )
}

/** Whether a node that satisfies the expression runs Windows: no other system has a kubelet. */
function excludesLinux(expression: object): boolean {
  const values = valueAt(expression, 'values')
  if (!osLabels.includes(String(valueAt(expression, 'key'))) || !Array.isArray(values)) return false
  const operator = valueAt(expression, 'operator')
  const namesLinux = values.includes('linux')
  return (operator === 'In' && !namesLinux) || (operator === 'NotIn' && namesLinux)
}
