import { conditionOf, textAt } from '../model/objects.ts'
import type { JudgedPod } from './facts/judged-pod.ts'
import { ageOfObject, eventsOfPod } from './facts/pod-events.ts'
import type { PodFault } from './fault.ts'

/** A node whose kubelet is silent or gone. Undefined if it is well, or if nothing says so. */
export function nodeFault(judged: JudgedPod): PodFault | undefined {
  const { pod, node } = judged
  const name = textAt(pod, 'spec', 'nodeName')
  if (name === '') return undefined
  const base = { kind: 'kubelet', code: 'NodeNotReady', isFailing: true, node: name } as const
  if (node === null) return { ...base, message: 'it is gone' }
  if (node !== undefined) {
    const ready = conditionOf(node, 'Ready')
    return ready['status'] === 'True'
      ? undefined
      : { ...base, message: textAt(ready, 'message') || 'its kubelet doesn’t answer' }
  }
  const event = eventsOfPod(judged).find((one) => textAt(one, 'reason') === 'NodeNotReady')
  return event && { ...base, message: textAt(event, 'message') }
}

/**
 * A pod that isn't ready although each of its containers is: its node is silent, or a readiness gate isn't met. The node
 * controller marks the pods of a silent node.
 */
export function conditionFault(judged: JudgedPod): PodFault | undefined {
  const { pod, containers } = judged
  const ready = conditionOf(pod, 'Ready')
  if (ready['status'] !== 'False') return undefined
  if (ready['reason'] === 'ReadinessGatesNotReady')
    return {
      ...{ kind: 'cluster', code: 'ReadinessGate', isFailing: true },
      message: textAt(ready, 'message'),
    }
  const node = nodeFault(judged)
  if (node !== undefined) return node
  // One that has ended well isn't ready, while others go on.
  if (containers.some(({ role, state }) => role === 'main' && state?.kind === 'terminated'))
    return undefined
  const unknown = { kind: 'unknown', code: 'NodeNotReady', isFailing: false } as const
  // The kubelet writes a reason, and the node controller doesn't.
  if (textAt(ready, 'reason') !== '' || judged.node !== undefined)
    return { ...unknown, because: 'the pod isn’t ready, and nothing says why' }
  return {
    ...unknown,
    because: `the pod isn’t ready although all of its containers are, as on a node that is silent`,
    right: 'get nodes',
  }
}

/** How long a pod may take to be deleted after its time is over. */
const deletionMs = 60_000

/** Why a pod is being deleted, or is no longer where it was. */
export function deletionFault(judged: JudgedPod): PodFault | undefined {
  const { pod, nowMs } = judged
  const dueMs = Date.parse(textAt(pod, 'metadata', 'deletionTimestamp'))
  if (Number.isNaN(dueMs)) return undefined
  const disrupted = conditionOf(pod, 'DisruptionTarget')
  const isLate = nowMs - dueMs > deletionMs
  const silent = isLate ? nodeFault(judged) : undefined
  if (silent !== undefined) return silent
  const reason = disrupted['status'] === 'True' ? textAt(disrupted, 'reason') : ''
  return {
    ...{ kind: 'cluster', code: 'BeingDeleted', isFailing: isLate },
    ...(reason !== '' && { reason, message: textAt(disrupted, 'message') }),
    seconds: Math.round(ageOfObject(pod, nowMs) / 1000),
  }
}
