import { type AgentState, readAgentStates } from '../../../delivery/agent-state.ts'
import type { AgentLog } from './agent-log.ts'
import { type AgentPod, isRefreshing } from './agent-pod.ts'
import { type AgentProblem, problemWithoutState } from './problem-without-state.ts'

/** What an agent says that its pod holds. */
export type AskedAgent =
  /** `atMs`: when it was asked, by the API server's clock */
  | { readonly kind: 'answered'; readonly state: AgentState; readonly atMs: number }
  /** It hasn't written everything yet, or it failed before it had. */
  | ({ readonly kind: 'starting' | 'failed' } & AgentProblem)
  | { readonly kind: 'unknown'; readonly why: string }
  /** The pod has been deleted meanwhile. */
  | { readonly kind: 'gone' }

/** For a set of objects that takes many lines, or a log without a state. */
const moreLines = 2000

/** An agent that refreshes repeats its state every twelve hours. */
const maxSilenceMs = 13 * 3600_000

interface AskOptions {
  readonly readLog: (pod: AgentPod, options?: { readonly lines?: number }) => Promise<AgentLog>
  /** The time by the API server's clock. */
  readonly wallMs: number
}

/** Asks the agent of a pod, by its log. An agent that isn't ours isn't believed. */
export async function askAgent(pod: AgentPod, options: AskOptions): Promise<AskedAgent> {
  const { agent, state } = pod
  if (agent.kind !== 'ours')
    return { kind: 'unknown', why: `the agent isn’t as the webhook makes it: ${agent.why}` }
  // The kubelet has no log of a container that has never run.
  const hasRun = state !== undefined && (state.kind !== 'waiting' || state.ended !== undefined)
  if (!hasRun) return problemWithoutState(pod, [])
  const last = await askByLog(pod, options)
  if (last.hasState !== false) return last.asked
  const longer = await askByLog(pod, options, moreLines)
  return longer.hasState === undefined ? last.asked : longer.asked
}

/**
 * Reads a log only here, so that it isn't kept while the next one is read.
 *
 * @returns `hasState`: undefined if the log couldn't be read
 */
async function askByLog(
  pod: AgentPod,
  { readLog, wallMs }: AskOptions,
  lines?: number,
): Promise<{ readonly asked: AskedAgent; readonly hasState: boolean | undefined }> {
  const log = await readLog(pod, lines === undefined ? {} : { lines })
  if (log.kind === 'gone') return { asked: log, hasState: undefined }
  if (log.kind === 'unread') return { asked: unreadLog(pod, log.why), hasState: undefined }
  const state = readAgentStates(log.lines)
  return state
    ? { asked: answerOf(pod, { state, wallMs }), hasState: true }
    : { asked: problemWithoutState(pod, log.lines), hasState: false }
}

/** An agent that hangs isn't believed to hold what it said long ago. */
function answerOf(
  pod: AgentPod,
  { state, wallMs }: { readonly state: AgentState; readonly wallMs: number },
): AskedAgent {
  const goesOn = isRefreshing(pod) && pod.state?.kind === 'running'
  return goesOn && wallMs - Date.parse(state.at) > maxSilenceMs
    ? { kind: 'unknown', why: `its agent has said nothing since ${state.at}` }
    : { kind: 'answered', state, atMs: wallMs }
}

/** What the pod's status says of an agent whose log can't be read. */
function unreadLog(pod: AgentPod, why: string): AskedAgent {
  const problem = problemWithoutState(pod, [])
  return problem.kind === 'failed' ? problem : { kind: 'unknown', why }
}
