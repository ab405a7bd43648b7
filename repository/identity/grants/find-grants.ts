import { type Found, grantOf, placeholderClient } from '../../../command/grants/grant.ts'
import { applyPatch } from '../../../command/review/apply-patch.ts'
import { findAgent } from '../../../command/review/describe-injection.ts'
import type { Serving } from '../../../command/review/read-serving.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import { completeObjects } from '../../input/accounts/complete-objects.ts'
import {
  accountNameOf,
  accountVariables,
  unclearAccount,
} from '../../input/accounts/workload-identity.ts'
import { findAmbiguity } from '../../input/environments/find-ambiguity.ts'
import { type FolderView, viewsByFolder } from '../../input/environments/folder-views.ts'
import { withoutTemplates } from '../../input/environments/without-templates.ts'
import type { FoundObject, NamedObject, PodTemplate } from '../../input/objects/find-objects.ts'
import { reviewTemplate } from '../../input/review-template.ts'
import type { Unread } from '../../input/unread/unread.ts'
import { doubtsAboutUnread } from '../../input/unread/unread-doubts.ts'
import { grantsOfAccounts } from './grants-of-accounts.ts'
import { mistakeLines } from './mistake-lines.ts'

/** Finds what the pods read, and what Secret sync reads for ServiceAccounts. */
export function findGrants(
  templates: readonly PodTemplate[],
  {
    objects,
    unread,
    serving,
  }: {
    readonly objects: readonly NamedObject[]
    readonly unread: readonly Unread[]
    readonly serving: Serving
  },
) {
  const viewOf = viewsByFolder(withoutTemplates(objects), doubtsAboutUnread(unread))
  const environments = [...new Set(objects.map((object) => viewOf(object).objects))]
  const found = [
    ...templates.map((pod) => grantOfPod(pod, { objects: viewOf(pod).lookUps, serving })),
    ...environments.flatMap((some) => grantsOfAccounts(some, { viewOf, serving })),
    ...objects.map((object) => mistakeOfName(object, viewOf(object), serving.policy)),
  ]
  return {
    grants: found.flatMap(({ grant }) => grant ?? []),
    /** Lines about each pod or account whose needs aren't known because of a mistake. */
    mistakes: eachOnce(found.map(({ mistakes = [] }) => mistakes)),
    /** Lines about each class whose Secrets no account reads. */
    notes: eachOnce(found.map(({ notes = [] }) => notes)),
  }
}

/** Removes duplicates: if environments share an account or a source, each has the same lines. */
const eachOnce = (all: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  [...new Map(all.map((lines) => [lines.join('\n'), lines])).values()].filter(
    (lines) => lines.length > 0,
  )

function mistakeOfName(object: NamedObject, view: FolderView, policy: Policy): Found {
  const unclear = findAmbiguity(view, object, policy)
  return unclear === undefined ? {} : { mistakes: mistakeLines(object, unclear) }
}

function grantOfPod(
  template: PodTemplate,
  { objects, serving }: { readonly objects: readonly FoundObject[]; readonly serving: Serving },
): Found {
  const { namespace } = template
  // Made up, because the webhook would deny the pod's volumes without a client, and granting one access is what the
  // user is about to do.
  const complete = completeObjects(template, objects, placeholderClient)
  const known = complete.classes.length > 0 ? objects : complete.objects
  const outcome = reviewTemplate(template, {
    policy: serving.policy,
    objects: serving.servesVolumes ? known : undefined,
  })
  if (outcome.kind === 'denied')
    return { mistakes: mistakeLines(template, 'would be denied', outcome.problems) }
  if (outcome.kind === 'skipped' && outcome.reason !== 'complete') return {}
  const operations = outcome.kind === 'injected' ? outcome.operations : []
  const { config } = findAgent(applyPatch(template.pod, operations))
  const unclear =
    config.identity.clientId === undefined ? unclearAccount(template, objects) : undefined
  if (unclear !== undefined) return { mistakes: mistakeLines(template, unclear) }
  const clientId =
    config.identity.clientId ??
    accountVariables(template, { objects })['AZURE_CLIENT_ID'] ??
    config.identity.defaultClientId
  const account = accountNameOf(template)
  const usesBinding = config.tokenProxy !== undefined
  return { grant: grantOf({ namespace, account, clientId, usesBinding, config }) }
}
