import { objectAt, valueAt } from '../../../lib/shape.ts'
import { waitsForItsTurn } from '../../cluster/pods/container-state.ts'
import type { JudgedPod } from './facts/judged-pod.ts'
import { namesOurs, readAgentFile, readMissing } from './facts/others-sentences.ts'
import {
  hasMemoryLimit,
  memoryLimitOf,
  type PodContainer,
  recentEnd,
} from './facts/pod-containers.ts'
import { newestProbe } from './facts/pod-events.ts'
import type { PodFault } from './fault.ts'
import { faultOfMissing } from './missing-reference.ts'

/** What is wrong with a container that isn't the agent. Undefined: nothing, or it waits for its turn. */
export function containerFault(container: PodContainer, judged: JudgedPod): PodFault | undefined {
  const { state } = container
  if (state === undefined) return undefined
  const place = { container: container.name, ...(container.role === 'init' && { isInit: true }) }
  if (state.kind === 'waiting' && state.reason !== undefined && !waitsForItsTurn(state.reason)) {
    const refused = waitingFault(container, state.reason, judged)
    if (refused !== 'crashed') return refused && { ...place, ...refused }
  }
  const end = endFault(container, judged)
  if (end !== undefined) return { ...place, ...end }
  const unready = unreadyFault(container, judged)
  return unready && { ...place, ...unready }
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])

/** Whether the kubelet waits because of an image. */
export const isImageReason = (reason: string): boolean => imageReasons.has(reason)

/** Why the kubelet doesn't start a container. `crashed`: it has started it, and waits before it starts it again. */
function waitingFault(
  { image, state }: PodContainer,
  reason: string,
  judged: JudgedPod,
): PodFault | 'crashed' | undefined {
  if (reason === 'CrashLoopBackOff') return 'crashed'
  const { message = '' } = state ?? {}
  const said = { isFailing: true, reason, ...(message !== '' && { message }) }
  if (isImageReason(reason)) return { kind: 'kubelet', code: 'ImagePull', image, ...said }
  const file = readAgentFile(message)
  // The agent's own fault says why.
  if (file === 'startGate') return undefined
  if (file === 'variable') return { kind: 'us', code: 'ContainerRefused', ...said }
  const missing = readMissing(message)
  if (missing !== undefined) return faultOfMissing(missing, judged)
  if (namesOurs(message) || changesMounts(message, judged))
    return { kind: 'unknown', code: 'ContainerRefused', ...said }
  return { kind: 'kubelet', code: 'ContainerRefused', ...said }
}

/** Whether the kubelet's sentence is about one of the paths at which our volumes are mounted. */
const changesMounts = (message: string, { ourPaths }: JudgedPod): boolean =>
  ourPaths.some((path) => message.includes(path))

/** How a container ends, or has ended lately. */
function endFault(container: PodContainer, judged: JudgedPod): PodFault | undefined {
  const { state, role } = container
  const ended = recentEnd(container, judged)
  if (ended === undefined || state === undefined) return undefined
  // Its end was long ago if it waits for its turn again, as after a reboot.
  if (state.kind === 'waiting' && state.reason !== 'CrashLoopBackOff') return undefined
  const isRunning = state.kind === 'running'
  const keepsEnding = !state.isReady || state.restarts > 1
  const parts = {
    exitCode: ended.exitCode,
    restarts: state.restarts,
    isFailing: !isRunning || (role !== 'init' && keepsEnding && isFresh(ended, judged)),
    ...(isRunning && { isRunning }),
  }
  if (ended.reason === 'OOMKilled') return outOfMemory(container, { parts, judged })
  if (ended.reason === 'ContainerStatusUnknown' || ended.reason === 'Unknown')
    return { kind: 'kubelet', code: 'ContainerEnds', reason: ended.reason, ...parts }
  if (ended.reason === 'StartError' || ended.reason === 'ContainerCannotRun')
    return startError(ended, { parts, judged })
  const probe = newestProbe(judged, { container: container.name, kinds: ['liveness', 'startup'] })
  if (probe?.isKill && ended.exitCode !== 0)
    return { kind: 'app', code: 'ProbeFails', probe: probe.probe, message: probe.message, ...parts }
  return {
    kind: 'app',
    code: 'ContainerEnds',
    ...(ended.reason !== undefined && { reason: ended.reason }),
    ...parts,
  }
}

/** The longest pause between two starts is five minutes, and a container that then runs for ten counts as new. */
const longestPauseMs = 10 * 60_000
const isFresh = ({ finishedAtMs }: { readonly finishedAtMs: number }, { nowMs }: JudgedPod) =>
  nowMs - finishedAtMs <= longestPauseMs

type EndParts = Pick<PodFault, 'exitCode' | 'restarts' | 'isFailing' | 'isRunning'> & {
  readonly isFailing: boolean
}

/** If the limit is the pod's, the agent's memory counts, too. */
function outOfMemory(
  container: PodContainer,
  { parts, judged }: { readonly parts: EndParts; readonly judged: JudgedPod },
): PodFault {
  const limit = memoryLimitOf(container)
  const isShared = hasMemoryLimit(judged.pod)
  const fault = {
    code: 'ContainerOutOfMemory' as const,
    ...parts,
    ...(limit !== undefined && { limit }),
  }
  return isShared && judged.agent !== undefined
    ? {
        ...fault,
        kind: 'unknown',
        because: `container ${container.name} ran out of memory, and the pod’s own limit counts the agent’s memory, too`,
      }
    : { ...fault, kind: 'app' }
}

/** The runtime couldn't start the process: its command is wrong, or a mount is. */
function startError(
  { message }: { readonly message: string },
  { parts, judged }: { readonly parts: EndParts; readonly judged: JudgedPod },
): PodFault {
  const isOurs = namesOurs(message) || changesMounts(message, judged)
  const { restarts = 0, isFailing } = parts
  return {
    kind: isOurs ? 'unknown' : 'app',
    code: 'ContainerRefused',
    message,
    restarts,
    isFailing,
  }
}

/** A container that runs and isn't ready. Before its first probe, that is no news. */
function unreadyFault(container: PodContainer, judged: JudgedPod): PodFault | undefined {
  const { state, spec, role } = container
  if (state?.kind !== 'running' || (state.isReady && state.isStarted)) return undefined
  const isStarting = !state.isStarted
  if (role === 'init') return undefined
  const kinds = isStarting ? (['startup'] as const) : (['readiness'] as const)
  const probe = newestProbe(judged, { container: container.name, kinds })
  if (probe !== undefined)
    return {
      ...{ kind: 'app', code: 'ContainerUnready', isFailing: true },
      ...{ probe: probe.probe, message: probe.message, restarts: state.restarts },
    }
  const probeName = isStarting ? 'startupProbe' : 'readinessProbe'
  const periodMs = probePeriodMs(objectAt(spec, probeName))
  const runsMs = judged.nowMs - (state.startedAtMs ?? judged.nowMs)
  if (runsMs <= periodMs) return { kind: 'starting', code: 'Starting', isFailing: false }
  return { kind: 'app', code: 'ContainerUnready', isFailing: true, restarts: state.restarts }
}

/** How long a probe may take to say anything, with a minute to spare. */
function probePeriodMs(probe: object): number {
  const seconds = (name: string, usual: number) => {
    const value = valueAt(probe, name)
    return typeof value === 'number' ? value : usual
  }
  return (seconds('initialDelaySeconds', 0) + seconds('periodSeconds', 10) + 60) * 1000
}
