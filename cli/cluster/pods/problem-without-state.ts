import type { AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { readLogLine } from '../../../lib/log/read-log-line.ts'
import { printable } from '../../../lib/printable.ts'
import type { AgentPod } from './agent-pod.ts'
import { type EndedContainer, waitsForItsTurn } from './container-state.ts'

/** As of a termination message. A line of a log may be longer, and there are many pods. */
const maxWhyLength = 4096

/** Why an agent has written nothing yet. */
export interface AgentProblem {
  /** Of an AkvError, or the kubelet's reason, such as `ImagePullBackOff`. Absent while nothing has failed. */
  readonly code?: string
  readonly sinceMs: number
  readonly why: string
}

/** What the status of a pod and the log of its agent say, if that log has no state. */
export function problemWithoutState(
  pod: AgentPod,
  lines: readonly string[],
):
  | ({ readonly kind: 'starting' | 'failed' } & AgentProblem)
  | { readonly kind: 'unknown'; readonly why: string } {
  const { state, createdAtMs } = pod
  const failure = failedEnd(pod, lines)
  if (failure) return { kind: 'failed', ...failure }
  if (state === undefined || (state.kind === 'waiting' && state.ended === undefined))
    return { kind: 'starting', sinceMs: createdAtMs, ...waitingReason(state?.reason) }
  if (hasWrittenAll(pod)) return { kind: 'unknown', why: withoutState(pod) }
  const warning = lastWarning(lines)
  return {
    kind: 'starting',
    sinceMs: createdAtMs,
    ...(warning ?? { why: 'the agent is fetching the objects' }),
  }
}

/** Why the agent's process has ended, if it has failed and doesn't run again yet. */
export function failedEnd(
  { state }: Pick<AgentPod, 'state'>,
  lines: readonly string[] = [],
): (AgentProblem & { readonly code: string }) | undefined {
  const ended = state?.kind === 'running' ? undefined : state?.ended
  if (ended === undefined || ended.exitCode === 0) return undefined
  return { sinceMs: ended.finishedAtMs, ...reasonOfEnd(ended, lines) }
}

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
  lines: readonly string[],
): { readonly code: string; readonly why: string } {
  const [code] = /^AKV_[A-Z_]+/.exec(message) ?? []
  if (isCode(code)) return { code, why: message }
  const warning = lastWarning(lines)
  if (warning) return warning
  return {
    code: reason ?? 'Error',
    why: `the agent ended with exit code ${exitCode}`,
  }
}

const isCode = (text: unknown): text is AkvErrorCode =>
  typeof text === 'string' && Object.hasOwn(errorTable, text)

/** The last warning or error in an agent's log that has a code. */
function lastWarning(
  lines: readonly string[],
): { readonly code: AkvErrorCode; readonly why: string } | undefined {
  for (const line of lines.toReversed()) {
    const { level, code, message } = readLogLine(line) ?? {}
    if ((level === 'warn' || level === 'error') && isCode(code) && typeof message === 'string')
      return { code, why: printable(message, maxWhyLength) }
  }
  return undefined
}
