import { objectsAt } from '../../../lib/shape.ts'
import { agentName } from '../../../webhook/core/model/our-names.ts'
import { conditionOf, textAt } from '../model/objects.ts'
import { agentShare, sayAmount } from './facts/agent-share.ts'
import type { JudgedPod } from './facts/judged-pod.ts'
import { readEviction, readInsufficient } from './facts/others-sentences.ts'
import { ageOfObject } from './facts/pod-events.ts'
import type { PodFault } from './fault.ts'

/** The scheduler looks at a pod at once, unless it isn't there. */
const usualWaitMs = 60_000

/** A pod that no node has. */
export function schedulingFault(judged: JudgedPod): PodFault | undefined {
  const { pod, nowMs, containers } = judged
  const scheduled = conditionOf(pod, 'PodScheduled')
  const isSeen = containers.some(({ state }) => state !== undefined)
  const hasNode = textAt(pod, 'spec', 'nodeName') !== '' || scheduled['status'] === 'True'
  if (hasNode || isSeen) return undefined
  const base = { kind: 'cluster', code: 'NotScheduled' } as const
  if (scheduled['status'] !== 'False') {
    const isLate = ageOfObject(pod, nowMs) > usualWaitMs
    return isLate
      ? { ...base, isFailing: true, message: 'no scheduler has looked at it' }
      : {
          kind: 'starting',
          code: 'Starting',
          isFailing: false,
          because: 'the pod waits for the scheduler',
        }
  }
  if (scheduled['reason'] === 'SchedulingGated')
    return {
      ...base,
      isFailing: true,
      message: `its scheduling gates are closed: ${objectsAt(pod, 'spec', 'schedulingGates')
        .map((gate) => textAt(gate, 'name'))
        .join(', ')}`,
    }
  const message = textAt(scheduled, 'message')
  const shares = readInsufficient(message).flatMap((resource) => agentShare(pod, resource) ?? [])
  const fault: PodFault = { ...base, isFailing: true, message }
  if (shares.length === 0) return fault
  const of = shares.map(
    ({ resource, agent, all }) =>
      `${sayAmount(resource, agent)} of its ${sayAmount(resource, all)} ${resource}`,
  )
  return {
    ...fault,
    kind: 'unknown',
    because: `no node accepts the pod, and the agent requests ${of.join(' and ')}: ${message}`,
  }
}

/** A pod that the kubelet has ended or refused as a whole: what its containers say then is only how they were killed. */
export function endedFault({ pod, ourVolumes }: JudgedPod): PodFault | undefined {
  if (textAt(pod, 'status', 'phase') !== 'Failed') return undefined
  const reason = textAt(pod, 'status', 'reason')
  const message = textAt(pod, 'status', 'message')
  const node = textAt(pod, 'spec', 'nodeName')
  const place = { isFailing: true, ...(node !== '' && { node }) } as const
  if (reason === 'Evicted') return { ...evictionFault(message, ourVolumes), ...place, message }
  if (reason === 'DeadlineExceeded') return { kind: 'app', code: 'DeadlineExceeded', ...place }
  // Such as OutOfcpu, NodeAffinity, NodeShutdown or SysctlForbidden.
  if (reason !== '') return { kind: 'kubelet', code: 'PodRefused', ...place, reason, message }
  const disrupted = conditionOf(pod, 'DisruptionTarget')
  return disrupted['status'] === 'True'
    ? {
        ...{ kind: 'cluster', code: 'BeingDeleted', ...place },
        ...{ reason: textAt(disrupted, 'reason'), message: textAt(disrupted, 'message') },
      }
    : undefined
}

/**
 * The kubelet names what used too much. If the node was low on something, it names what used more than it requests: that of
 * the agent is small, and what others used is unknown.
 */
function evictionFault(
  message: string,
  ourVolumes: readonly string[],
): Pick<PodFault, 'kind' | 'code' | 'because'> {
  const { volume, overLimit, overRequest } = readEviction(message)
  const isAgent = (name: string) => name === agentName
  const isOurs =
    (volume !== undefined && ourVolumes.includes(volume)) ||
    (overLimit.length > 0 && overLimit.every(isAgent))
  if (isOurs) return { kind: 'us', code: 'Evicted' }
  return overRequest.length > 0 && overRequest.every(isAgent)
    ? {
        kind: 'unknown',
        code: 'Evicted',
        because: `the node ran low, and of this pod only the agent used more than it requests: ${message}`,
      }
    : { kind: 'kubelet', code: 'Evicted' }
}
