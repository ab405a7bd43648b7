import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import { type CheckResult, failed, passed, warned } from '../model/check-result.ts'
import { isReady, textAt } from '../model/objects.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { expiriesOf, sayExpiry } from '../verdict/expiries.ts'
import type { PodFault } from '../verdict/fault.ts'
import type { Judgement } from '../verdict/judge.ts'
import { whyNotInjected } from '../verdict/not-injected.ts'
import { diagnoseAgent } from './diagnose-agent.ts'
import { diagnoseOthers } from './diagnose-others.ts'
import { diagnosePodless, diagnoseRefusal } from './diagnose-podless.ts'

/** Finds out what is wrong with a workload, and what to do about it. Pure. */
export function diagnose(
  facts: WorkloadFacts,
  { others, isAgentInvolved }: Judgement,
): readonly CheckResult[] {
  const { pod, agent, pods, target } = facts
  if (pod === undefined) return diagnosePodless(facts)
  const refusal = diagnoseRefusal(facts)
  return [
    ...(target.kind === 'Pod' ? [] : [countReady(pods)]),
    ...(refusal === undefined ? [] : [refusal]),
    ...(agent === undefined && !others.some(isOfOurs) ? [withoutAgent(facts)] : []),
    ...(isAgentInvolved ? diagnoseAgent(facts) : []),
    ...diagnoseOthers(others, facts),
    ...warnOfExpiries(facts),
  ]
}

/** A volume that akv-injector may have to serve. */
const isOfOurs = ({ code, kind }: PodFault): boolean =>
  code === 'DriverAbsent' && kind !== 'cluster'

/** A controller leaves pods that have failed, and makes others in their place. */
function countReady(pods: WorkloadFacts['pods']): CheckResult {
  const failedPods = pods.filter((pod) => textAt(pod, 'status', 'phase') === 'Failed')
  const ready = pods.filter((pod) => isReady(pod) || textAt(pod, 'status', 'phase') === 'Succeeded')
  const count = pods.length - failedPods.length
  const dead = failedPods.length > 0 ? `; ${countOf(failedPods.length, 'pod')} failed earlier` : ''
  const sentence = `${ready.length} of ${countOf(count, 'pod')} ready or done${dead}`
  return ready.length === count && count > 0 ? passed(sentence) : warned(sentence)
}

const warnOfExpiries = (facts: WorkloadFacts): readonly CheckResult[] =>
  expiriesOf(facts).map((expiry) =>
    warned(
      sayExpiry(expiry),
      expiry.isOver
        ? 'the vault still gives it out, but who checks its date refuses it; set a new version'
        : 'set a new version before that',
    ),
  )

/** Finds out why a pod has no agent. */
function withoutAgent(facts: WorkloadFacts): CheckResult {
  const { namespace, target } = facts
  const why = whyNotInjected(facts)
  const start = 'the pod has annotations, but no agent, so it started without its secrets'
  switch (why?.kind) {
    case 'misplaced':
      return failed(
        `the annotations are on the ${target.kind}, where they have no effect: ${listNames(why.keys)}`,
        'move them to spec.template.metadata.annotations',
      )
    case 'excluded':
      return failed(
        `${start}: the webhook leaves namespace ${namespace} alone`,
        'use another namespace, or remove the label that excludes it (docs/install.md, "Excluded namespaces")',
      )
    case 'notConfigured':
      return failed(
        `${start}: the cluster has no webhook configuration of akv-injector`,
        'apply the install again, then replace the pod (docs/install.md, "Starting workloads without the webhook")',
      )
    case 'older':
      return failed(`${start}: it is older than the webhook configuration`, 'replace the pod')
    case 'notKnown':
      return failed(
        `${start}: it or its namespace is excluded, or the webhook configuration was missing when it was created`,
        'akv-injector doctor examines the install; then replace the pod (docs/install.md, "Pods without an agent")',
      )
    default:
      return passed('the pod asks for nothing from akv-injector')
  }
}
