import { readFileSync } from 'node:fs'
import { describeProblems } from '../../lib/describe-problem.ts'
import type { AdmissionRequest } from '../../webhook/core/admission-review.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { denied, type Outcome } from '../../webhook/core/outcome.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { readSettings, type Settings } from '../../webhook/settings/read-settings.ts'
import type { PodTemplate } from './find-objects.ts'
import { InputError } from './input-error.ts'

/** What an operator has to set for a real webhook; here it only stands in the output. */
export const placeholderImage = 'akv-injector:unset'

/**
 * The operator's settings, as the webhook reads them.
 *
 * @throws InputError with every wrong setting
 */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const read = readSettings({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    agentImage: placeholderImage,
  })
  if ('settings' in read) return read.settings
  throw new InputError('invalid settings in the environment', describeProblems(read.problems))
}

/** @throws InputError with every wrong setting */
export const policyFromEnvironment = (): Policy => settingsFrom(process.env).policy

/**
 * What the webhook would make of the pod: the very code that it runs. A pod that the API server itself would refuse, as
 * an annotation lacks its quotes, is told all the rest that is wrong with it, too.
 */
export function reviewTemplate(template: PodTemplate, policy: Policy): Outcome {
  const { pod, namespace, unquoted } = template
  const request: AdmissionRequest = {
    uid: 'command-line',
    kind: 'Pod',
    group: '',
    operation: 'CREATE',
    subResource: '',
    namespace,
    dryRun: true,
    object: pod,
  }
  const outcome = mutate(request, policy)
  if (unquoted.length === 0) return outcome
  return denied([...unquoted, ...(outcome.kind === 'denied' ? outcome.problems : [])])
}
