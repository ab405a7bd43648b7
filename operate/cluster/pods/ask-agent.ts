import type { AgentState } from '../../../delivery/agent-state.ts'
import type { LogReader, UnreadLog } from './agent-log.ts'
import { type AgentPod, isRefreshing } from './agent-pod.ts'
import { createSaidReader } from './agent-said.ts'
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
  readonly readLog: LogReader
  /** The time by the API server's clock. */
  readonly wallMs: number
}

/** Asks the agent of a pod, by its log. An agent that isn't ours isn't believed. */
export async function askAgent(
  pod: AgentPod,
  { readLog, wallMs }: AskOptions,
): Promise<AskedAgent> {
  const { agent, state } = pod
  if (agent.kind !== 'ours')
    return { kind: 'unknown', why: `the agent isn’t as the webhook makes it: ${agent.why}` }
  // The kubelet has no log of a container that has never run.
  const hasRun = state !== undefined && (state.kind !== 'waiting' || state.ended !== undefined)
  if (!hasRun) return problemWithoutState(pod)
  const read = (lines?: number) => readLog(pod, createSaidReader, { lines })
  const last = await read()
  if (last.kind !== 'read') return unreadLog(pod, last)
  const longer = last.value.state === undefined ? await read(moreLines) : last
  const said = longer.kind === 'read' ? longer.value : last.value
  if (said.state === undefined) return problemWithoutState(pod, said)
  return answerOf(pod, { state: said.state, wallMs })
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
function unreadLog(pod: AgentPod, log: UnreadLog): AskedAgent {
  if (log.kind === 'gone') return log
  const problem = problemWithoutState(pod)
  return problem.kind === 'failed' ? problem : { kind: 'unknown', why: log.why }
}
