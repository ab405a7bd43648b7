import { objectsAt } from '../../../lib/shape.ts'
import { ourVolumes } from '../../../webhook/core/model/our-names.ts'
import { textAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { expiryNotes } from './expiries.ts'
import type { JudgedPod } from './facts/judged-pod.ts'
import {
  firstBlocker,
  hasStarted,
  type PodContainer,
  podContainers,
} from './facts/pod-containers.ts'
import type { FaultCode, OurPart, PodFault, PodVerdict } from './fault.ts'
import { agentFault } from './judge-agent.ts'
import { containerFault } from './judge-container.ts'
import { conditionFault, deletionFault } from './judge-node.ts'
import { endedFault, schedulingFault } from './judge-placement.ts'
import { podlessVerdict, refusedVerdict } from './judge-podless.ts'
import { runningInitFault, startFault, waitsForKubelet } from './judge-start.ts'
import { notInjectedFault } from './not-injected.ts'
import { sayFault } from './say-fault.ts'

/** What is wrong with a workload, and the answer to "is it akv-injector?". */
export interface Judgement {
  readonly verdict: PodVerdict
  /** The faults that aren't the agent's, the cause first. */
  readonly others: readonly PodFault[]
  /** Whether what the agent says counts. It doesn't if the pod was ended as a whole, or if the agent hasn't had its turn. */
  readonly isAgentInvolved: boolean
}

/**
 * Judges a workload by its objects, its events and what its agent says. Never guesses: if the cause depends on something that
 * isn't known, the verdict says so. Pure.
 */
export function judge(facts: WorkloadFacts): Judgement {
  const { pod } = facts
  const refused = refusedVerdict(facts)
  if (pod === undefined)
    return {
      verdict: refused ?? podlessVerdict(facts),
      others: [],
      isAgentInvolved: false,
    }
  const judgement = judgePod({
    ...facts,
    pod,
    containers: podContainers(pod),
    ...placesOfOurs(facts, pod),
  })
  const { kind } = judgement.verdict
  return refused !== undefined && (kind === 'well' || kind === 'starting')
    ? { ...judgement, verdict: refused }
    : judgement
}

/** The volumes that the webhook adds or replaces, and where the other containers mount them. */
function placesOfOurs({ config }: WorkloadFacts, pod: object) {
  const volumes = [...ourVolumes, ...(config?.volumes ?? []).map(({ name }) => name)]
  const paths = objectsAt(pod, 'spec', 'containers').flatMap((container) =>
    objectsAt(container, 'volumeMounts')
      .filter((mount) => volumes.includes(textAt(mount, 'name')))
      .map((mount) => textAt(mount, 'mountPath')),
  )
  return { ourVolumes: volumes, ourPaths: [...new Set(paths)] }
}

function judgePod(judged: JudgedPod): Judgement {
  const { pod, containers } = judged
  const ended = endedFault(judged)
  const whole =
    lateAgentFault(judged, ended) ?? ended ?? deletionFault(judged) ?? schedulingFault(judged)
  if (whole !== undefined)
    return {
      verdict: { ...whole, part: partOf(judged) },
      others: [whole],
      isAgentInvolved: false,
    }
  if (textAt(pod, 'status', 'phase') === 'Succeeded')
    return {
      verdict: { kind: 'well', code: 'Done', part: partOf(judged) },
      others: [],
      isAgentInvolved: true,
    }
  const notInjected = notInjectedFault(judged)
  if (notInjected !== undefined)
    return {
      verdict: { ...notInjected, part: 'failed' },
      others: containerFaults(judged),
      isAgentInvolved: false,
    }
  const blocker = firstBlocker(containers, pod)
  return blocker === undefined ? judgeStarted(judged) : judgeBlocked(judged, blocker)
}

/** A pod whose time was over before the agent had written everything: the agent may be why it took so long. */
function lateAgentFault(judged: JudgedPod, ended: PodFault | undefined): PodFault | undefined {
  const part = partOf(judged)
  if (ended?.code !== 'DeadlineExceeded' || part === 'done' || part === 'none') return undefined
  const agents = agentFault(judged)
  if (agents?.message !== undefined) return agents
  return {
    ...{ ...ended, kind: 'unknown' },
    because: `${sayFault(ended)}, and by then the agent hadn’t written everything`,
  }
}

/** How far akv-injector got with a pod. A main container that has run had its files, however the agent ended later. */
function partOf({ agent, containers }: JudgedPod): OurPart {
  const container = containers.find(({ isAgent }) => isAgent)
  if (agent === undefined || container === undefined) return 'none'
  const { state } = agent
  if (
    hasStarted(container) ||
    state?.isReady ||
    agent.hasAppRun ||
    (state?.kind === 'terminated' && state.ended?.exitCode === 0)
  )
    return 'done'
  return state?.ended === undefined && state?.kind !== 'running' ? 'waiting' : 'failed'
}

/** A pod whose first container that isn't done is this one. */
function judgeBlocked(judged: JudgedPod, blocker: PodContainer): Judgement {
  const part = partOf(judged)
  if (blocker.isAgent) {
    const isAgentInvolved = !waitsForKubelet(blocker)
    const fault = (isAgentInvolved ? agentFault(judged) : undefined) ?? startFault(blocker, judged)
    return { verdict: { ...fault, part }, others: isAgentInvolved ? [] : [fault], isAgentInvolved }
  }
  const fault =
    containerFault(blocker, judged) ??
    runningInitFault(blocker, judged) ??
    startFault(blocker, judged)
  const isAgentInvolved = part === 'done'
  // An init container after the agent reads what that has written.
  const verdict = isAgentInvolved ? weigh(fault, agentFault(judged), judged) : { ...fault, part }
  return { verdict, others: [fault], isAgentInvolved }
}

const containerFaults = (judged: JudgedPod): readonly PodFault[] =>
  judged.containers
    .filter(({ isAgent }) => !isAgent)
    .flatMap((container) => containerFault(container, judged) ?? [])

/** What a container's own values can't cause. */
const independent: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'ContainerOutOfMemory',
  'ContainerRefused',
  'ImagePull',
  'MissingReference',
  'SecretNotSynced',
])

/** A pod whose init containers are done. */
function judgeStarted(judged: JudgedPod): Judgement {
  const ofContainers = containerFaults(judged)
  const waiting = judged.containers.find((one) => one.role === 'main' && waitsForKubelet(one))
  const isFailing = ofContainers.some((fault) => fault.isFailing)
  const ofPod = isFailing
    ? []
    : [waiting ? startFault(waiting, judged) : conditionFault(judged)]
        .filter((fault) => fault !== undefined)
        .filter((fault) => fault.isFailing || ofContainers.length === 0)
  const others = [...ofContainers, ...ofPod].toSorted(
    (a, b) => Number(b.isFailing) - Number(a.isFailing),
  )
  return { verdict: weigh(others[0], agentFault(judged), judged), others, isAgentInvolved: true }
}

/** Which of two faults is the cause: another one, and the agent's. */
function weigh(
  other: PodFault | undefined,
  agents: PodFault | undefined,
  judged: JudgedPod,
): PodVerdict {
  const part = partOf(judged)
  if (agents === undefined) {
    const notes = expiryNotes(judged)
    const more = notes.length > 0 ? { notes } : {}
    return other === undefined
      ? { kind: 'well', code: 'Well', part, ...more }
      : { ...other, part, ...more }
  }
  if (other === undefined || !other.isFailing) return { ...agents, part: 'failed' }
  if (agents.kind === 'starting') return { ...other, part: 'waiting' }
  if (!agents.isFailing && independent.has(other.code as FaultCode))
    return { ...other, part: 'unknown' }
  return {
    ...other,
    kind: 'unknown',
    part: 'unknown',
    because: `${sayFault(other)}, and ${sayFault(agents)}`,
    ...(agents.right !== undefined && { right: agents.right }),
    ...(agents.rightIn !== undefined && { rightIn: agents.rightIn }),
  }
}
