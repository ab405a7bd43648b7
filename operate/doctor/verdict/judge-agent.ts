import { isOutageCode } from '../../../keyvault/readers/outage-codes.ts'
import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { listNames } from '../../../lib/list-names.ts'
import { isRefreshing } from '../../cluster/pods/agent-pod.ts'
import { isCode } from '../../cluster/pods/agent-said.ts'
import type { AskedAgent } from '../../cluster/pods/ask-agent.ts'
import { isLost } from '../../cluster/pods/container-state.ts'
import { type AgentProblem, failedEnd } from '../../cluster/pods/problem-without-state.ts'
import type { JudgedPod } from './facts/judged-pod.ts'
import { hasMemoryLimit } from './facts/pod-containers.ts'
import type { FaultKind, PodFault } from './fault.ts'
import { isImageReason } from './judge-container.ts'

/** Codes of what stands between the agent and the vault. Outages have them, too. */
const wayCodes: ReadonlySet<AkvErrorCode> = new Set<AkvErrorCode>([
  'AKV_FIREWALL',
  'AKV_PUBLIC_ACCESS_DISABLED',
  'AKV_REDIRECTED',
  'AKV_TLS_UNTRUSTED',
])

/** Where a failure is that the agent reports. */
function kindOfCode(code: AkvErrorCode): FaultKind {
  // The node's clock.
  if (code === 'AKV_CLOCK') return 'kubelet'
  return isOutageCode(code) || wayCodes.has(code) ? 'azure' : 'us'
}

/** What is wrong with the agent of a pod, or isn't known about it. Undefined if it has done all that it should. */
export function agentFault(judged: JudgedPod): PodFault | undefined {
  const { agent, asked, containers, namespace } = judged
  const container = containers.find(({ isAgent }) => isAgent)
  if (agent === undefined || asked === undefined) return undefined
  const { state } = agent
  if (agent.agent.kind !== 'ours') return silent(asked, namespace)
  if (state?.kind === 'waiting' && isImageReason(state.reason ?? ''))
    return {
      ...{ kind: 'us', code: 'AgentImage', isFailing: true, reason: state.reason ?? '' },
      ...{ image: container?.image ?? '', message: state.message },
    }
  const isDone = state?.kind === 'terminated' && state.ended?.exitCode === 0
  const hasRecovered = state?.kind === 'running' && asked.kind !== 'starting'
  if (state?.ended?.reason === 'OOMKilled' && !hasRecovered && !isDone)
    return outOfMemory(judged, state.restarts)
  return askedFault(judged, asked)
}

/** If the limit is the pod's, the memory of the other containers counts, too. */
function outOfMemory({ pod }: JudgedPod, restarts: number): PodFault {
  const fault = { code: 'AgentOutOfMemory', isFailing: true, restarts } as const
  return hasMemoryLimit(pod)
    ? {
        ...fault,
        kind: 'unknown',
        because:
          'the agent ran out of memory, and the pod’s own limit counts the other containers’ memory, too',
      }
    : { ...fault, kind: 'us' }
}

function askedFault({ agent, namespace }: JudgedPod, asked: AskedAgent): PodFault | undefined {
  switch (asked.kind) {
    case 'failed':
      return problemFault(asked, agent?.state?.restarts ?? 0)
    case 'starting':
      return problemFault(asked, asked.ended === undefined ? 0 : (agent?.state?.restarts ?? 0))
    case 'unknown':
    case 'gone':
      return silent(asked, namespace)
    case 'answered': {
      const ended = agent !== undefined && isRefreshing(agent) ? failedEnd(agent) : undefined
      return ended === undefined
        ? staleFault(asked.state.objects)
        : problemFault(ended, agent?.state?.restarts ?? 0)
    }
    default:
      return asked satisfies never
  }
}

/** Why the agent has written nothing, or has ended. */
function problemFault({ code, why, ended }: AgentProblem, restarts: number): PodFault {
  if (isCode(code)) return { kind: kindOfCode(code), code, isFailing: true, message: why, restarts }
  if (ended !== undefined && isLost(ended))
    return {
      ...{ kind: 'kubelet', code: 'AgentEnds', isFailing: true, exitCode: ended.exitCode },
      ...{ reason: ended.reason ?? '', restarts },
    }
  if (ended !== undefined)
    return { kind: 'us', code: 'AgentEnds', isFailing: true, exitCode: ended.exitCode, restarts }
  if (code !== undefined)
    return {
      ...{ kind: 'unknown', code: 'AgentRefused', isFailing: true, reason: code },
      because: why,
    }
  return { kind: 'starting', code: 'Starting', isFailing: false, because: why }
}

const silent = (asked: AskedAgent, namespace: string): PodFault => ({
  ...{ kind: 'unknown', code: 'AgentSilent', isFailing: false },
  because: asked.kind === 'unknown' ? asked.why : 'the pod has been deleted meanwhile',
  ...(asked.kind === 'unknown' &&
    asked.right !== undefined && { right: asked.right, rightIn: namespace }),
})

/** The objects that the agent couldn't refresh. One kind of failure stands for all. */
function staleFault(
  objects: Extract<AskedAgent, { readonly kind: 'answered' }>['state']['objects'],
): PodFault | undefined {
  const failing = objects.flatMap(({ object, failing: found }) =>
    found === undefined ? [] : [{ object, ...found }],
  )
  const [first] = failing
  if (first === undefined) return undefined
  const { code } = first
  const some = failing.filter((one) => one.code === code).map(({ object }) => object)
  return {
    kind: isCode(code) ? kindOfCode(code) : 'us',
    code: isCode(code) ? code : 'AKV_INTERNAL',
    isFailing: true,
    message: `the pod keeps the last values of ${listNames(some, 3)}`,
  }
}
