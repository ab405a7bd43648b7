import { readFileSync } from 'node:fs'
import { describeProblems } from '../../lib/problems/problem.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import { readSettings, type Settings } from '../../requests/administrator/settings/read-settings.ts'
import type { AdmissionRequest } from '../../webhook/core/model/admission-review.ts'
import { denied, type Outcome } from '../../webhook/core/model/outcome.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { lookUpInFiles } from './look-up-in-files.ts'
import type { FoundObject, PodTemplate } from './objects/find-objects.ts'
import { InputError } from './text/input-error.ts'

/** The image in the output of `inject` if the administrator hasn't set one, which a real webhook requires. */
export const placeholderImage = 'akv-injector:unset'

/**
 * Reads the administrator's settings as the webhook does.
 *
 * @throws InputError with every invalid setting
 */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const read = readSettings({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    agentImage: placeholderImage,
  })
  if (read.kind === 'valid') return read.value
  throw new InputError('invalid settings in the environment', describeProblems(read.problems))
}

/** The request that the API server would send to the webhook to have the pod created. */
export const reviewRequest = ({
  pod,
  namespace,
}: Pick<PodTemplate, 'pod' | 'namespace'>): AdmissionRequest => ({
  uid: 'command-line',
  kind: 'Pod',
  group: '',
  operation: 'CREATE',
  subResource: '',
  namespace,
  dryRun: true,
  object: pod,
})

/**
 * What the webhook would decide about the pod, using the webhook's own code. The API server itself refuses a pod with an
 * unquoted annotation; the outcome then also has the problems that the webhook would find.
 *
 * @param context - `objects`: where to find the SecretProviderClasses of the pod's volumes. Without it, volumes of the CSI
 *   driver are left alone.
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
