import type { AgentState } from '../../../delivery/agent-state.ts'
import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import { type AgentPod, isRefreshing } from '../../cluster/pods/agent-pod.ts'
import { isCode } from '../../cluster/pods/agent-said.ts'
import type { AskedAgent } from '../../cluster/pods/ask-agent.ts'
import type { ContainerState } from '../../cluster/pods/container-state.ts'
import { type AgentProblem, failedEnd } from '../../cluster/pods/problem-without-state.ts'
import { type CheckResult, failed, passed, unchecked, warned } from '../model/check-result.ts'
import { remedyOf } from '../model/remedy.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { isImageReason } from '../verdict/judge-container.ts'
import { readNextTries } from './next-tries.ts'

const keepsTrying =
  'Once that is done, the next try succeeds; the kubelet waits up to five minutes between tries, and deleting the pod saves that time.'

/** What the agent of a pod says, and what to do about it. Pure. */
export function diagnoseAgent(facts: WorkloadFacts): readonly CheckResult[] {
  const { agent, asked } = facts
  if (agent === undefined || asked === undefined) return []
  const killed = agent.state && killedAgent(agent.state)
  if (killed?.mark === 'failure') return [killed]
  return [...(killed ? [killed] : []), ...diagnoseAnswer(agent, asked, facts)]
}

function diagnoseAnswer(
  agent: AgentPod,
  asked: AskedAgent,
  { nowMs, logs }: WorkloadFacts,
): readonly CheckResult[] {
  switch (asked.kind) {
    case 'failed':
      return [failed(`the agent gave up: ${withCode(asked)}`, hintFor(asked.code, keepsTrying))]
    case 'starting':
      return [diagnoseStart(asked, nowMs)]
    case 'answered':
      return diagnoseHolding(agent, asked.state, readNextTries(logs))
    case 'unknown':
      return [unchecked(`what the pod holds: ${asked.why}`)]
    case 'gone':
      return [unchecked('the pod has been deleted meanwhile')]
    default:
      return asked satisfies never
  }
}

const withCode = ({ code, why }: AgentProblem): string => (isCode(code) ? `${code}: ${why}` : why)

/** Far more than a start takes, which is a second or two. */
const usualStartMs = 60_000

function diagnoseStart(problem: AgentProblem, nowMs: number): CheckResult {
  const { code, why, sinceMs } = problem
  if (code !== undefined)
    return failed(
      isCode(code) ? `the agent is still trying: ${withCode(problem)}` : why,
      hintFor(code, 'The agent retries by itself: the pod need not be restarted.'),
    )
  const seconds = Math.round((nowMs - sinceMs) / 1000)
  return nowMs - sinceMs > usualStartMs
    ? warned(`${why}, for ${seconds} s`, 'read the story above: another container may run first')
    : passed(`${why}, for ${seconds} s`)
}

/** What to do about one of our codes, or a reason of the kubelet. */
function hintFor(code: string | undefined, then: string): string {
  if (isCode(code)) return `${remedyOf(code)} ${then}`
  return code !== undefined && isImageReason(code)
    ? 'the agent runs in the app’s pod, which needs access to its registry (docs/install.md, "Pull secrets")'
    : 'kubectl describe pod has what the kubelet says'
}

function killedAgent({ kind, ended, reason }: ContainerState): CheckResult | undefined {
  const why = ended?.reason ?? reason
  if (why === 'OOMKilled')
    return (kind === 'running' ? warned : failed)(
      'the agent ran out of memory',
      'raise akv-injector.io/agent-limits, or leave it out (docs/performance.md, "Memory in a pod")',
    )
  return undefined
}

/** Diagnoses a pod whose agent has logged its state. The agent may have ended since. */
function diagnoseHolding(
  agent: AgentPod,
  { objects }: AgentState,
  nextTries: ReadonlyMap<string, string>,
): readonly CheckResult[] {
  const count = countOf(objects.length, 'object')
  if (!isRefreshing(agent))
    return [passed(`the agent fetched ${count} when the pod started, and doesn’t refresh`)]
  const ended = failedEnd(agent)
  if (ended)
    return [
      failed(
        `the agent has ended, the pod keeps the last values: ${withCode(ended)}`,
        hintFor(ended.code, 'The kubelet starts it again.'),
      ),
    ]
  const failing = objects.flatMap(({ object, failing: found }) =>
    found ? [{ object, ...found }] : [],
  )
  if (failing.length === 0) return [passed(`the agent holds ${count}, all up to date`)]
  return [...Map.groupBy(failing, ({ code }) => code)].map(([code, some]) =>
    failed(
      `stale, the pod keeps the last values: ${code}: ${listNames(
        some.map(({ object, since }) => (since ? `${object} (since ${since})` : object)),
      )}`,
      `${remedyOf(code)} ${sayNextTry(some, nextTries)}`,
    ),
  )
}

/** The first of the next tries, if the agent's log names them. */
function sayNextTry(
  failing: readonly { readonly object: string }[],
  nextTries: ReadonlyMap<string, string>,
): string {
  const [first] = failing.flatMap(({ object }) => nextTries.get(object) ?? []).toSorted()
  return first === undefined
    ? 'The agent tries again by itself.'
    : `The agent tries again by itself, at ${first}.`
}
