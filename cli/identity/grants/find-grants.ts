import { describeProblems } from '../../../lib/problems/describe-problem.ts'
import { findAgent } from '../../check/describe/describe-injection.ts'
import { completeObjects } from '../../demo/made-up/complete-objects.ts'
import { accountNameOf, accountVariables } from '../../input/accounts/workload-identity.ts'
import { applyPatch } from '../../input/apply-patch.ts'
import type { NamedObject, PodTemplate } from '../../input/find-objects.ts'
import type { Serving } from '../../input/read-serving.ts'
import { reviewTemplate } from '../../input/review-template.ts'
import { type Found, type Grant, grantOf, placeholderClient } from './grant.ts'
import { grantsOfAccounts } from './grants-of-accounts.ts'

interface FoundGrants {
  readonly grants: readonly Grant[]
  /** Lines about pods and accounts whose needs are unknown because of a mistake. */
  readonly mistakes: readonly string[]
}

/** Finds what the pods and the ServiceAccounts with Secret sync read. */
export function findGrants(
  templates: readonly PodTemplate[],
  input: { readonly objects: readonly NamedObject[]; readonly serving: Serving },
): FoundGrants {
  const found = [...templates.map((pod) => grantOfPod(pod, input)), ...grantsOfAccounts(input)]
  return {
    grants: found.flatMap(({ grant }) => grant ?? []),
    mistakes: found.flatMap(({ mistakes }) => mistakes ?? []),
  }
}

function grantOfPod(
  template: PodTemplate,
  { objects, serving }: { readonly objects: readonly NamedObject[]; readonly serving: Serving },
): Found {
  const { namespace, title } = template
  // Without a client, the webhook would deny the volumes of the driver, and the user asks for one.
  const complete = completeObjects(template, objects, placeholderClient)
  const known = complete.classes.length > 0 ? objects : complete.objects
  const outcome = reviewTemplate(template, {
    policy: serving.policy,
    objects: serving.servesVolumes ? known : undefined,
  })
  if (outcome.kind === 'denied')
    return { mistakes: [`${title}: would be denied`, ...describeProblems(outcome.problems)] }
  if (outcome.kind === 'skipped' && outcome.reason !== 'complete') return {}
  const operations = outcome.kind === 'injected' ? outcome.operations : []
  const { config } = findAgent(applyPatch(template.pod, operations))
  const clientId =
    config.identity.clientId ?? accountVariables(template, { objects })['AZURE_CLIENT_ID']
  return { grant: grantOf({ namespace, account: accountNameOf(template), clientId, config }) }
}
