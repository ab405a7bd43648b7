import { reviewRequest } from '../../command/review/review-request.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { denied, type Outcome } from '../../webhook/core/model/outcome.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { lookUpInFiles } from './look-up-in-files.ts'
import type { FoundObject, PodTemplate } from './objects/find-objects.ts'

/**
 * Decides about a pod with the webhook's own code. The API server itself would refuse a pod with an unquoted
 * annotation. The outcome then has that problem, and those that the webhook would find.
 *
 * @param context - `objects`: where to find the SecretProviderClasses of the pod's volumes. Without it, volumes of the
 * CSI driver are left alone.
 */
export function reviewTemplate(
  template: PodTemplate,
  context: { readonly policy: Policy; readonly objects?: readonly FoundObject[] | undefined },
): Outcome {
  const { unquoted } = template
  const request = reviewRequest(template)
  const lookedUp = context.objects && lookUpInFiles(request, context.objects)
  const outcome = mutate(request, context.policy, lookedUp)
  if (unquoted.length === 0) return outcome
  return denied([...unquoted, ...(outcome.kind === 'denied' ? outcome.problems : [])])
}
