import type { Serving } from '../../command/review/read-serving.ts'
import { usableClassesOf } from '../../requests/class/driver-volumes.ts'
import { onChangeProblem } from '../check/find/find-idle-on-change.ts'
import { mistakeLines } from '../identity/grants/mistake-lines.ts'
import { accountNameOf } from '../input/accounts/workload-identity.ts'
import type { PodTemplate } from '../input/objects/find-objects.ts'
import { findOnChange } from '../input/objects/find-on-change.ts'
import type { NamedAccount } from './role.ts'

/** A SecretProviderClass. */
interface NamedClass {
  readonly namespace: string
  readonly name: string
}

/**
 * Finds the accounts whose workloads ask for roll-outs: those that the pods run as. Also finds the SecretProviderClasses that
 * the controller has to read for these workloads: only files count for them, not variables.
 *
 * @returns also the lines about each workload whose annotation has a mistake. Workloads that can't be rolled out are left out
 */
export function findRollouts(
  templates: readonly PodTemplate[],
  { servesVolumes }: Pick<Serving, 'servesVolumes'>,
) {
  const asking = templates.flatMap((template) => {
    const found = findOnChange(template)
    if (found === undefined || found.obstacle !== undefined) return []
    const account: NamedAccount = {
      namespace: template.namespace,
      account: accountNameOf(template),
    }
    const problem = onChangeProblem(found.text)
    const isAboutFiles = servesVolumes && found.text === 'rollout'
    const classes = isAboutFiles ? usableClassesOf(template.pod) : []
    return [{ account, classes, object: { ...template, path: found.path }, problem }]
  })
  return {
    accounts: asking.flatMap(({ account, problem }) => (problem === undefined ? [account] : [])),
    classes: asking.flatMap(({ account: { namespace }, classes }) =>
      classes.map((name): NamedClass => ({ namespace, name })),
    ),
    mistakes: asking.flatMap(({ object, problem }) =>
      problem === undefined ? [] : [mistakeLines(object, "can't be rolled out", [problem])],
    ),
  }
}
