import { resourceAttributes } from '../../../kubernetes/resource-attributes.ts'
import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import type { NeededAccess } from '../../../requests/access/sync-needs.ts'
import { syncNeeds, tokens } from '../../../requests/access/sync-needs.ts'
import { mayRead } from '../../cluster/may-read.ts'
import { asClusterError } from '../../cluster/open-cluster.ts'
import type { AccountRights } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { asksForSync } from '../model/is-annotated.ts'
import { nameOf, namespaceOf, textAt } from '../model/objects.ts'
import { syncSettings } from '../model/sync-settings.ts'
import type { ReadingCluster } from './list-readable.ts'

/** There is a limit because each account costs a request, and each namespace a few more. */
const maxAccounts = 200

/**
 * Asks the API server what the controller of Secret sync may do for the accounts that request Secrets.
 *
 * @returns undefined if the caller may not ask, or there is nothing to ask
 */
export async function readSyncRights(
  cluster: ReadingCluster,
  {
    install,
    accounts,
  }: { readonly install: Install; readonly accounts: readonly JsonObject[] | undefined },
): Promise<readonly AccountRights[] | undefined> {
  const settings = syncSettings(install)
  const { sync } = install.components
  const asking = (accounts ?? []).filter(asksForSync)
  if (settings === undefined || sync === undefined || asking.length === 0) return undefined
  const right = {
    what: 'the rights of Secret sync',
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
  }
  if (!(await mayRead(cluster, right))) return undefined
  if (asking.length > maxAccounts)
    cluster.notices.say(
      `the rights of Secret sync were read for ${maxAccounts} of ${asking.length} ServiceAccounts`,
    )
  const account = textAt(sync.deployment, 'spec', 'template', 'spec', 'serviceAccountName')
  const isAllowed = reviewer(cluster, `system:serviceaccount:${sync.namespace}:${account}`)
  const needs = syncNeeds(settings)
  const lackingByNamespace = new Map<string, Promise<readonly string[]>>()
  const lackingIn = (namespace: string) => {
    const known = lackingByNamespace.get(namespace)
    if (known !== undefined) return known
    const asked = lackingOf(needs, (need) => isAllowed(namespace, need))
    lackingByNamespace.set(namespace, asked)
    return asked
  }
  return await Promise.all(
    asking.slice(0, maxAccounts).map(async (one) => {
      const [namespace, name] = [namespaceOf(one), nameOf(one)]
      const token = { ...tokens, name }
      const lacking = (await isAllowed(namespace, token))
        ? await lackingIn(namespace)
        : [describeNeed(token)]
      return { namespace, account: name, lacking }
    }),
  )
}

type IsAllowed = (need: NeededAccess) => Promise<boolean>

async function lackingOf(
  needs: readonly NeededAccess[],
  isAllowed: IsAllowed,
): Promise<readonly string[]> {
  const answers = await Promise.all(
    needs.map(async (need) => [need, await isAllowed(need)] as const),
  )
  return answers.flatMap(([need, allowed]) => (allowed ? [] : [describeNeed(need)]))
}

const describeNeed = ({ verb, resource }: NeededAccess): string => `${verb} ${resource}`

/** Asks about another user, as `kubectl auth can-i --as` does, but without acting as that user. */
const reviewer =
  ({ post }: ReadingCluster, user: string) =>
  async (namespace: string, need: NeededAccess) => {
    const [, , ofAccount = ''] = user.split(':')
    const answer = await post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user,
        groups: [
          'system:serviceaccounts',
          `system:serviceaccounts:${ofAccount}`,
          'system:authenticated',
        ],
        resourceAttributes: resourceAttributes({ ...need, namespace }),
      },
    }).catch((error: unknown) => {
      throw asClusterError('the rights of Secret sync', error)
    })
    return valueAt(answer, 'status', 'allowed') === true
  }
