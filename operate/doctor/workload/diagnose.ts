import type { AgentState } from '../../../delivery/agent-state.ts'
import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { ownKeys } from '../../../requests/annotations/keys/own-annotations.ts'
import { type AgentPod, isRefreshing } from '../../cluster/pods/agent-pod.ts'
import type { AskedAgent } from '../../cluster/pods/ask-agent.ts'
import type { ContainerState } from '../../cluster/pods/container-state.ts'
import { type AgentProblem, failedEnd } from '../../cluster/pods/problem-without-state.ts'
import { type CheckResult, failed, passed, unchecked, warned } from '../model/check-result.ts'
import { asksByAnnotations } from '../model/is-annotated.ts'
import { conditionOf, isReady, textAt, timeAt } from '../model/objects.ts'
import { remedyOf } from '../model/remedy.ts'
import { diagnoseOthers } from './diagnose-others.ts'
import { diagnosePodless } from './diagnose-podless.ts'
import type { WorkloadFacts } from './workload-facts.ts'

/** Finds out what is wrong with a workload, and what to do about it. Pure. */
export function diagnose(facts: WorkloadFacts): readonly CheckResult[] {
  const { pod, agent, pods, target } = facts
  if (pod === undefined) return diagnosePodless(facts)
  const replicas = target.kind === 'Pod' ? [] : [countReady(pods)]
  if (agent === undefined) return [...replicas, withoutAgent(facts)]
  const unscheduled = conditionOf(pod, 'PodScheduled')
  if (unscheduled['status'] === 'False')
    return [
      ...replicas,
      failed(
        `no node accepts the pod: ${textAt(unscheduled, 'message')}`,
        'akv-injector isn’t involved: the scheduler says what is missing',
      ),
    ]
  return [...replicas, ...diagnoseAgent(facts), ...diagnoseOthers(facts)]
}

function countReady(pods: WorkloadFacts['pods']): CheckResult {
  const ready = pods.filter((pod) => isReady(pod) || textAt(pod, 'status', 'phase') === 'Succeeded')
  const sentence = `${ready.length} of ${countOf(pods.length, 'pod')} ready or done`
  return ready.length === pods.length ? passed(sentence) : warned(sentence)
}

/** Finds out why a pod has no agent. */
function withoutAgent(facts: WorkloadFacts): CheckResult {
  const { pod, object, namespace, isExcluded, configuredAtMs } = facts
  if (!asksByAnnotations(pod)) {
    const misplaced = ownKeys(annotationsOf(object))
    return facts.target.kind !== 'Pod' && misplaced.length > 0
      ? failed(
          `the annotations are on the ${facts.target.kind}, where they have no effect: ${listNames(misplaced)}`,
          'move them to spec.template.metadata.annotations',
        )
      : passed('the pod asks for nothing from akv-injector')
  }
  const start = 'the pod has annotations, but no agent, so it started without its secrets'
  if (isExcluded)
    return failed(
      `${start}: the webhook leaves namespace ${namespace} alone`,
      'use another namespace, or remove the label that excludes it (docs/install.md, "Excluded namespaces")',
    )
  if (configuredAtMs === null)
    return failed(
      `${start}: the cluster has no webhook configuration of akv-injector`,
      'apply the install again, then replace the pod (docs/install.md, "Starting workloads without the webhook")',
    )
  const createdMs = timeAt(pod, 'metadata', 'creationTimestamp')
  if (configuredAtMs !== undefined && createdMs !== undefined && createdMs <= configuredAtMs)
    return failed(`${start}: it is older than the webhook configuration`, 'replace the pod')
  return failed(
    `${start}: it or its namespace is excluded, or the webhook configuration was missing when it was created`,
    'akv-injector doctor examines the install; then replace the pod (docs/install.md, "Pods without an agent")',
  )
}

const keepsTrying =
  'Once that is done, the next try succeeds; the kubelet waits up to five minutes between tries, and deleting the pod saves that time.'

function diagnoseAgent({ agent, asked, nowMs }: WorkloadFacts): readonly CheckResult[] {
  if (agent === undefined || asked === undefined) return []
  const killed = agent.state && killedAgent(agent.state)
  if (killed?.mark === 'failure') return [killed]
  return [...(killed ? [killed] : []), ...diagnoseAnswer(agent, { asked, nowMs })]
}

function diagnoseAnswer(
  agent: AgentPod,
  { asked, nowMs }: { readonly asked: AskedAgent; readonly nowMs: number },
): readonly CheckResult[] {
  switch (asked.kind) {
    case 'failed':
      return [
        failed(
          `the agent gave up: ${withCode(asked)}`,
          hintFor(asked.code, asked.why, keepsTrying),
        ),
      ]
    case 'starting':
      return [diagnoseStart(asked, nowMs)]
    case 'answered':
      return diagnoseHolding(agent, asked.state)
    case 'unknown':
      return [unchecked(`what the pod holds: ${asked.why}`)]
    case 'gone':
      return [unchecked('the pod has been deleted meanwhile')]
    default:
      return asked satisfies never
  }
}

/** A termination message begins with its code. In a log line, the code is a field of its own. */
const withCode = ({ code, why }: AgentProblem): string =>
  code === undefined || !code.startsWith('AKV_') || why.startsWith(code) ? why : `${code}: ${why}`

/** Far more than a start takes, which is a second or two. */
const usualStartMs = 60_000

function diagnoseStart(problem: AgentProblem, nowMs: number): CheckResult {
  const { code, why, sinceMs } = problem
  if (code !== undefined)
    return failed(
      code.startsWith('AKV_') ? `the agent is still trying: ${withCode(problem)}` : why,
      hintFor(code, why, 'The agent retries by itself: the pod need not be restarted.'),
    )
  const seconds = Math.round((nowMs - sinceMs) / 1000)
  return nowMs - sinceMs > usualStartMs
    ? warned(`${why}, for ${seconds} s`, 'read the story above: another container may run first')
    : passed(`${why}, for ${seconds} s`)
}

/**
 * What to do about one of our codes, or a reason of the kubelet. If the agent wrote a termination message, it ends with
 * the remedy.
 */
function hintFor(code: string | undefined, why: string, then: string): string {
  if (code === undefined) return then
  if (code.startsWith('AKV_')) {
    const remedy = remedyOf(code)
    return why.includes(remedy) ? then : `${remedy} ${then}`
  }
  if (/^(?:ErrImage|ImagePull|InvalidImage)/.test(code))
    return 'the agent runs in the app’s pod, which needs access to its registry (docs/install.md, "Pull secrets")'
  return 'kubectl describe pod has what the kubelet says'
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
function diagnoseHolding(agent: AgentPod, { objects }: AgentState): readonly CheckResult[] {
  const count = countOf(objects.length, 'object')
  if (!isRefreshing(agent))
    return [passed(`the agent fetched ${count} when the pod started, and doesn’t refresh`)]
  const ended = failedEnd(agent)
  if (ended)
    return [
      failed(
        `the agent has ended, the pod keeps the last values: ${withCode(ended)}`,
        hintFor(ended.code, ended.why, 'The kubelet starts it again.'),
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
      `${remedyOf(code)} The agent refreshes by itself.`,
    ),
  )
}
