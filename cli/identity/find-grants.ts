import type { AgentConfig } from '../../init-agent/contract.ts'
import { describeProblems } from '../../lib/describe-problem.ts'
import type { Problem } from '../../lib/problem.ts'
import { readAccount } from '../../sync/request/read-account.ts'
import { assignSources } from '../../sync/source/assign-sources.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { findAgent } from '../check/describe/describe-injection.ts'
import { completeObjects } from '../demo/made-up/complete-objects.ts'
import { applyPatch } from '../input/apply-patch.ts'
import { classSource } from '../input/class-source.ts'
import type { NamedObject, PodTemplate } from '../input/find-objects.ts'
import { type AccountInFiles, listAccounts } from '../input/list-accounts.ts'
import type { Serving } from '../input/read-serving.ts'
import { reviewTemplate } from '../input/review-template.ts'
import { type ReadValue, wantedValues } from '../input/wanted-values.ts'
import { accountNameOf, accountVariables } from '../input/workload-identity.ts'

/** What a ServiceAccount reads, as far as a pod or the account itself names it. */
export interface Grant {
  readonly namespace: string
  readonly account: string
  /** The client to sign in as, in lower case. Absent if the files name none. */
  readonly clientId?: string
  readonly values: readonly ReadValue[]
}

export interface FoundGrants {
  readonly grants: readonly Grant[]
  /** Lines about pods and accounts whose needs can't be told, because of a mistake. */
  readonly mistakes: readonly string[]
}

/** Stands for the client of an account that names none. No real client has this ID. */
const noClient = '00000000-0000-0000-0000-000000000000'

/** Finds what the pods and the ServiceAccounts with Secret sync read, those of classes with `secretObjects` included. */
export function findGrants(
  templates: readonly PodTemplate[],
  by: { readonly objects: readonly NamedObject[]; readonly serving: Serving },
): FoundGrants {
  const found = [
    ...templates.map((template) => grantOfPod(template, by)),
    ...[...listAccounts(by.objects)].flatMap(([namespace, listed]) =>
      grantsOfAccounts(listed, { namespace, ...by }),
    ),
  ]
  return {
    grants: found.flatMap(({ grant }) => grant ?? []),
    mistakes: found.flatMap(({ mistakes }) => mistakes ?? []),
  }
}

interface Found {
  readonly grant?: Grant
  readonly mistakes?: readonly string[]
}

function grantOfPod(
  template: PodTemplate,
  { objects, serving }: { readonly objects: readonly NamedObject[]; readonly serving: Serving },
): Found {
  const { namespace, title } = template
  // Without a client, the webhook would deny the volumes of the driver, and the user asks for one.
  const complete = completeObjects(template, objects, noClient)
  const known = complete.classes.length > 0 ? objects : complete.objects
  const outcome = reviewTemplate(template, {
    policy: serving.policy,
    objects: serving.servesVolumes ? known : undefined,
  })
  if (outcome.kind === 'denied')
    return { mistakes: mistakesOf(`${title}: would be denied`, outcome.problems) }
  if (outcome.kind === 'skipped' && outcome.reason !== 'complete') return {}
  const operations = outcome.kind === 'injected' ? outcome.operations : []
  const { config } = findAgent(applyPatch(template.pod, operations))
  const clientId =
    config.identity.clientId ?? accountVariables(template, { objects })['AZURE_CLIENT_ID']
  return { grant: grantOf({ namespace, account: accountNameOf(template), clientId, config }) }
}

function grantsOfAccounts(
  listed: readonly AccountInFiles[],
  by: {
    readonly namespace: string
    readonly objects: readonly NamedObject[]
    readonly serving: Serving
  },
): readonly Found[] {
  const { namespace, objects, serving } = by
  const sources = serving.servesVolumes ? sourcesOf(objects, { namespace, ...serving }) : []
  const { byAccount } = assignSources(sources, { namespace, listed, missing: new Set() })
  return listed.map(({ name, annotations }): Found => {
    const account = { namespace, name, annotations }
    const request = readAccount(account, serving.policy, byAccount.get(name) ?? [])
    if (request.kind === 'refused')
      return {
        mistakes: mistakesOf(`ServiceAccount/${name}: would not be synced`, request.problems),
      }
    if (request.kind !== 'wanted') return {}
    const { config, azure } = request
    const clientId = config.identity.clientId ?? azure.clientId
    return { grant: grantOf({ namespace, account: name, clientId, config }) }
  })
}

const sourcesOf = (
  objects: readonly NamedObject[],
  { namespace, policy }: { readonly namespace: string; readonly policy: Policy },
) =>
  objects
    .filter((one) => one.kind === 'SecretProviderClass' && one.namespace === namespace)
    .map((one) => classSource(one, policy))
    .filter((source) => source !== undefined)

function grantOf({
  namespace,
  account,
  clientId,
  config,
}: {
  readonly namespace: string
  readonly account: string
  readonly clientId: string | undefined
  readonly config: AgentConfig
}): Grant {
  const id = clientId?.toLowerCase()
  return {
    namespace,
    account,
    ...(id !== undefined && id !== noClient && { clientId: id }),
    values: wantedValues(config),
  }
}

const mistakesOf = (title: string, problems: readonly Problem[]): readonly string[] => [
  title,
  ...describeProblems(problems),
]
