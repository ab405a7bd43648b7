import { valueAt } from '../../../lib/shape.ts'
import { type CheckResult, failed, passed, unchecked } from '../model/check-result.ts'
import { textAt } from '../model/objects.ts'
import { refusedCreation } from './refused-creation.ts'
import { reviewWorkload } from './review-workload.ts'
import type { WorkloadFacts } from './workload-facts.ts'

/** Finds out why a workload has no pods. */
export function diagnosePodless(facts: WorkloadFacts): readonly CheckResult[] {
  const { object, children, events, target } = facts
  if (valueAt(object, 'spec', 'replicas') === 0) return [passed('it is scaled to 0 replicas')]
  if (valueAt(object, 'spec', 'suspend') === true) return [passed('it is suspended')]
  const refused = refusedCreation({ events, objects: [object, ...children] })
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
