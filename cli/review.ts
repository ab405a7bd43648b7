import { readFileSync } from 'node:fs'
import type { AdmissionRequest } from '../webhook/core/admission-review.ts'
import { mutate } from '../webhook/core/mutate.ts'
import type { Outcome } from '../webhook/core/outcome.ts'
import type { Policy } from '../webhook/core/policy.ts'
import { describeProblems } from '../webhook/describe-problem.ts'
import { readSettings, type Settings } from '../webhook/settings.ts'
import { InputError } from './input-error.ts'
import type { PodTemplate } from './manifests.ts'

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
  throw new InputError('wrong settings in the environment', describeProblems(read.problems))
}

/** @throws InputError with every wrong setting */
export const policyFromEnvironment = (): Policy => settingsFrom(process.env).policy

/** What the webhook would make of the pod: the very code that it runs. */
export function reviewTemplate({ pod, namespace }: PodTemplate, policy: Policy): Outcome {
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
  return mutate(request, policy)
}
