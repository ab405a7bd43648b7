import type { AgentPod } from './agent-pod.ts'
import type { AgentSaid } from './agent-said.ts'
import {
  type ContainerState,
  type EndedContainer,
  isLost,
  waitsForItsTurn,
} from './container-state.ts'
import { readTerminationMessage } from './read-termination-message.ts'

/** Why an agent has written nothing yet. */
export interface AgentProblem {
  /** An AkvError's code, or the kubelet's reason, such as `ImagePullBackOff`. Absent while nothing has failed. */
  readonly code?: string
  readonly sinceMs: number
  /** Without the remedy, which the table of errors has for each code. */
  readonly why: string
  /** How the agent's process ended, if that is why. */
  readonly ended?: EndedContainer
}

/** Explains, from the pod's status and the agent's log, why the log has no state. */
export function problemWithoutState(
  pod: AgentPod,
  { warning }: Pick<AgentSaid, 'warning'> = {},
):
  | ({ readonly kind: 'starting' | 'failed' } & AgentProblem)
  | { readonly kind: 'unknown'; readonly why: string } {
  const { state, createdAtMs } = pod
  const failure = failedEnd(pod, { warning })
  if (failure) return { kind: 'failed', ...failure }
  if (state === undefined || (state.kind === 'waiting' && state.ended === undefined))
    return { kind: 'starting', sinceMs: createdAtMs, ...waitingReason(state?.reason) }
  if (hasWrittenAll(pod)) return { kind: 'unknown', why: withoutState(pod) }
  return {
    kind: 'starting',
    sinceMs: createdAtMs,
    ...(warning ?? previousEnd(state) ?? { why: 'the agent is fetching the objects' }),
  }
}

/** Between two starts, a crash loop shows as an agent that runs. */
function previousEnd({ ended }: ContainerState): Omit<AgentProblem, 'sinceMs'> | undefined {
  if (ended === undefined || ended.exitCode === 0 || isLost(ended)) return undefined
  return { ...reasonOfEnd(ended, undefined), ended }
}

/** Why the agent's process failed, if it isn't running again yet, and wasn't killed with its pod. */
export function failedEnd(
  pod: AgentPod,
  { warning }: Pick<AgentSaid, 'warning'> = {},
): (AgentProblem & { readonly code: string }) | undefined {
  const { state } = pod
  const ended = state?.kind === 'running' ? undefined : state?.ended
  if (ended === undefined || ended.exitCode === 0 || wasKilledWithPod(pod, ended)) return undefined
  return { sinceMs: ended.finishedAtMs, ...reasonOfEnd(ended, warning), ended }
}

/** The exit codes of a process that SIGKILL or SIGTERM ended. */
const killedCodes: readonly number[] = [137, 143]

/** When a pod ends, the kubelet ends its agent, and kills it if it is too slow. */
const wasKilledWithPod = (
  { hasEnded, hasAppRun }: AgentPod,
  { exitCode, reason }: EndedContainer,
): boolean => hasEnded && hasAppRun && killedCodes.includes(exitCode) && reason !== 'OOMKilled'

const withoutState = ({ agentVersion, state }: AgentPod): string =>
  state?.kind === 'running' && state.restarts > 0
    ? 'its agent was restarted, and has not said yet what it holds'
    : `the log of its agent${agentVersion === undefined ? '' : `, version ${agentVersion},`} says nothing about what it holds: agents of earlier versions don’t`

/** Once the agent has written everything, the kubelet starts the other containers. */
const hasWrittenAll = ({ state, others }: AgentPod): boolean =>
  state?.kind === 'terminated' ||
  state?.isReady === true ||
  others.some(({ kind }) => kind === 'running')

function waitingReason(reason: string | undefined): Pick<AgentProblem, 'code' | 'why'> {
  if (reason === undefined) return { why: 'no node has started it yet' }
  if (waitsForItsTurn(reason)) return { why: 'the kubelet is starting it' }
  return { code: reason, why: `the kubelet can’t start the agent: ${reason}` }
}

function reasonOfEnd(
  { exitCode, reason, message }: EndedContainer,
  warning: AgentSaid['warning'],
): { readonly code: string; readonly why: string } {
  const said = readTerminationMessage(message)
  if (warning !== undefined && (said === undefined || warning.code === said.code)) return warning
  return said ?? { code: reason ?? 'Error', why: `the agent ended with exit code ${exitCode}` }
}
