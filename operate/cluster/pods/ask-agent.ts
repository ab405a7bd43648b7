import type { AgentState } from '../../../delivery/agent-state.ts'
import type { LogReader, UnreadLog } from './agent-log.ts'
import { type AgentPod, isRefreshing } from './agent-pod.ts'
import { createSaidReader } from './agent-said.ts'
import { type AgentProblem, problemWithoutState } from './problem-without-state.ts'

/** An agent's answer to the question what its pod holds. */
export type AskedAgent =
  /** `atMs`: when it was asked, by the API server's clock */
  | { readonly kind: 'answered'; readonly state: AgentState; readonly atMs: number }
  /** It hasn't written everything yet, or failed before it had. */
  | ({ readonly kind: 'starting' | 'failed' } & AgentProblem)
  /** `right`: the right in the pod's namespace that the caller lacks */
  | { readonly kind: 'unknown'; readonly why: string; readonly right?: string }
  /** The pod has been deleted in the meantime. */
  | { readonly kind: 'gone' }

/** Tried if the usual lines don't contain a state: its objects may take many lines. */
const moreLines = 2000

/** An agent that refreshes repeats its state every twelve hours. */
const maxSilenceMs = 13 * 3600_000

interface AskOptions {
  readonly readLog: LogReader
  /** The time by the API server's clock. */
  readonly wallMs: number
}

/** Finds out from a pod's log what its agent says. A container that isn't our agent isn't trusted. */
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

/** A state from long ago doesn't count, because the agent may hang. */
function answerOf(
  pod: AgentPod,
  { state, wallMs }: { readonly state: AgentState; readonly wallMs: number },
): AskedAgent {
  const goesOn = isRefreshing(pod) && pod.state?.kind === 'running'
  return goesOn && wallMs - Date.parse(state.at) > maxSilenceMs
    ? { kind: 'unknown', why: `its agent has said nothing since ${state.at}` }
    : { kind: 'answered', state, atMs: wallMs }
}

/** What the pod's status says about an agent whose log can't be read. */
function unreadLog(pod: AgentPod, log: UnreadLog): AskedAgent {
  if (log.kind === 'gone') return log
  const problem = problemWithoutState(pod)
  if (problem.kind === 'failed') return problem
  const { why, right } = log
  return { kind: 'unknown', why, ...(right !== undefined && { right }) }
}
