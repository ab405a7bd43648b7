import { describeProblems } from '../../lib/problems/problem.ts'
import { onChangeProblem } from '../check/find/find-idle-on-change.ts'
import { accountNameOf } from '../input/accounts/workload-identity.ts'
import type { PodTemplate } from '../input/objects/find-objects.ts'
import { findOnChange } from '../input/objects/find-on-change.ts'
import type { NamedAccount } from './role.ts'

/**
 * Finds the accounts whose workloads ask for roll-outs: those that the pods run as.
 *
 * @returns also the lines about each workload whose annotation has a mistake. Workloads that can't be rolled out are left out
 */
export function findRollouts(templates: readonly PodTemplate[]) {
  const asking = templates.flatMap((template) => {
    const found = findOnChange(template)
    if (found === undefined || found.obstacle !== undefined) return []
    const { namespace, title } = template
    const account: NamedAccount = { namespace, account: accountNameOf(template) }
    return [{ account, title, problem: onChangeProblem(found.text) }]
  })
  return {
    accounts: asking.flatMap(({ account, problem }) => (problem === undefined ? [account] : [])),
    mistakes: asking.flatMap(({ title, problem }) =>
      problem === undefined
        ? []
        : [[`${title}: can't be rolled out`, ...describeProblems([problem])]],
    ),
  }
}
