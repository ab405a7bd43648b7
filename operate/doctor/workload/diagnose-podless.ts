import { valueAt } from '../../../lib/shape.ts'
import { type CheckResult, failed, passed, unchecked } from '../model/check-result.ts'
import { textAt } from '../model/objects.ts'
import { reviewWorkload } from '../model/review-workload.ts'
import type { WorkloadFacts } from '../model/workload-facts.ts'
import { findRefusal } from '../verdict/judge-podless.ts'

/** Finds out why a workload has no pods. */
export function diagnosePodless(facts: WorkloadFacts): readonly CheckResult[] {
  const { object, target } = facts
  if (valueAt(object, 'spec', 'replicas') === 0) return [passed('it is scaled to 0 replicas')]
  if (valueAt(object, 'spec', 'suspend') === true) return [passed('it is suspended')]
  const refused = diagnoseRefusal(facts)
  if (refused !== undefined) return [refused]
  const review = reviewWorkload(facts)
  if (review.kind === 'denied')
    return [
      failed(
        `the webhook would refuse its pods: ${review.problems.join('; ')}`,
        'correct the annotations of the pod template',
      ),
    ]
  if (target.kind === 'CronJob' && textAt(object, 'status', 'lastScheduleTime') === '')
    return [passed(`it hasn’t run yet (schedule ${textAt(object, 'spec', 'schedule')})`)]
  return [
    unchecked(
      'it has no pods, and no event says why; events expire after an hour',
      `kubectl describe ${target.kind.toLowerCase()} ${target.name}`,
    ),
  ]
}

/** Why the API server refuses the pods of a workload, and what to do. Undefined if nothing says that it does. */
export function diagnoseRefusal(facts: WorkloadFacts): CheckResult | undefined {
  const refusal = findRefusal(facts)
  if (refusal === undefined) return undefined
  const { sentence, hint } = explanations[refusal.refused.kind]
  return failed(`${sentence}: ${refusal.message}`, hint)
}

const quota = {
  sentence: 'a quota or a LimitRange refuses its pods',
  hint: 'if the number is the agent’s, set akv-injector.io/agent-requests and agent-limits (docs/install.md, "Pods refused by a LimitRange")',
}
const other = {
  sentence: 'its pods are refused',
  hint: 'ask whoever owns what the message names; akv-injector isn’t involved unless it is named',
}
const explanations = {
  denied: {
    sentence: 'the webhook refuses its pods',
    hint: 'correct the annotations of the pod template; akv-injector check FILE says the same before you apply it',
  },
  unreachable: {
    sentence: 'the API server can’t call the webhook',
    hint: 'akv-injector doctor examines the install; the pods are created by themselves once a replica is ready',
  },
  quota,
  unset: quota,
  limitRange: quota,
  podSecurity: other,
  otherWebhook: other,
  other,
} as const satisfies Record<
  NonNullable<ReturnType<typeof findRefusal>>['refused']['kind'],
  { readonly sentence: string; readonly hint: string }
>
