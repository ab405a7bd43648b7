import type { JsonObject } from '../../../lib/shape.ts'
import { syncNeeds } from '../../../requests/access/sync-needs.ts'
import { rightsInNamespace } from '../model/account-rights.ts'
import type { AccountRights } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { asksForSync } from '../model/is-annotated.ts'
import { nameOf, namespaceOf, textAt } from '../model/objects.ts'
import { isBoundTo, keyOfRef, keyOfRole, type Rule, rulesOf, type Subject } from '../model/rbac.ts'
import { syncSettings } from '../model/sync-settings.ts'
import { kinds, type ListedKind } from './kinds.ts'
import {
  listReadable,
  type ReadingCluster,
  type ReadScope,
  withoutManagers,
} from './list-readable.ts'

/**
 * Finds out what the controller of Secret sync may do for each account that requests Secrets and each one that is
 * enabled. It reads Roles and their bindings instead of asking for each right: that would take a dozen requests for each
 * namespace, and the controller, too, knows its accounts by the rules of RBAC.
 *
 * @param options - `namespace`: whose accounts come first
 * @returns undefined if the caller may not read Roles and their bindings, or there is no controller
 */
export async function readSyncRights(
  cluster: ReadingCluster,
  {
    install,
    accounts = [],
    scope,
    namespace: first,
  }: {
    readonly install: Install
    readonly accounts: readonly JsonObject[] | undefined
    readonly scope: ReadScope
    readonly namespace: string
  },
): Promise<readonly AccountRights[] | undefined> {
  const settings = syncSettings(install)
  const { sync } = install.components
  if (settings === undefined || sync === undefined) return undefined
  const subject = {
    namespace: sync.namespace,
    name: textAt(sync.deployment, 'spec', 'template', 'spec', 'serviceAccountName'),
  }
  const granted = await readGranted(cluster, { scope, subject })
  if (granted === undefined) return undefined
  const asking = Map.groupBy(accounts.filter(asksForSync), namespaceOf)
  const namespaces = [...asking.keys(), ...granted.inNamespaces.keys()].toSorted()
  return [...new Set([first, ...namespaces])].filter(readableIn(scope)).flatMap((namespace) =>
    rightsInNamespace(namespace, {
      rules: [...granted.everywhere, ...(granted.inNamespaces.get(namespace) ?? [])],
      asking: (asking.get(namespace) ?? []).map(nameOf),
      needs: syncNeeds(settings),
      isUnsure: granted.isUnsure,
    }),
  )
}

/** What RBAC grants an account, in all namespaces and in each one. */
interface Granted {
  readonly everywhere: readonly Rule[]
  readonly inNamespaces: ReadonlyMap<string, readonly Rule[]>
  /** Whether a ClusterRole or a ClusterRoleBinding could grant more. */
  readonly isUnsure: boolean
}

/** Keeps only the bindings of the account and the roles that they refer to. */
async function readGranted(
  cluster: ReadingCluster,
  { scope, subject }: { readonly scope: ReadScope; readonly subject: Subject },
): Promise<Granted | undefined> {
  const list = (kind: ListedKind, isKept: (object: JsonObject) => boolean) =>
    listReadable(cluster, kind, {
      scope,
      keep: (object) => (isKept(object) ? withoutManagers(object) : undefined),
    })
  const [bindings, ofCluster] = await Promise.all([
    list(kinds.roleBindings, (one) => isBoundTo(one, subject)),
    list(kinds.clusterRoleBindings, (one) => isBoundTo(one, subject)),
  ])
  if (bindings === undefined) return undefined
  const referred = new Set([...bindings, ...(ofCluster ?? [])].map(keyOfRef))
  const [roles, clusterRoles] = await Promise.all([
    list(kinds.roles, (one) => referred.has(keyOfRole(one))),
    list(kinds.clusterRoles, (one) => referred.has(keyOfRole(one))),
  ])
  if (roles === undefined) return undefined
  const rules = new Map<string, readonly Rule[]>(
    [...roles, ...(clusterRoles ?? [])].map((role) => [keyOfRole(role), rulesOf(role)]),
  )
  const rulesBy = (some: readonly JsonObject[]) =>
    some.flatMap((binding) => rules.get(keyOfRef(binding)) ?? [])
  return {
    everywhere: rulesBy(ofCluster ?? []),
    inNamespaces: new Map(
      [...Map.groupBy(bindings, namespaceOf)].map(([namespace, some]) => [
        namespace,
        rulesBy(some),
      ]),
    ),
    isUnsure: ofCluster === undefined || clusterRoles === undefined,
  }
}

/** Nothing is known of a namespace whose Roles or bindings the caller may not list. */
function readableIn({ partly }: ReadScope): (namespace: string) => boolean {
  const limits = [kinds.roles, kinds.roleBindings].flatMap(({ resource }) => {
    const readable = partly.get(resource)
    return readable === undefined ? [] : [readable]
  })
  return (namespace) => limits.every((readable) => readable.includes(namespace))
}
