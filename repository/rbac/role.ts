import type { Grant } from '../../command/grants/grant.ts'
import type { JsonObject } from '../../lib/shape.ts'
import { rolloutsMark } from '../../requests/access/rollout-needs.ts'
import type { WatchMode } from '../../requests/administrator/watch-mode.ts'

export type NamedAccount = Pick<Grant, 'namespace' | 'account'>

/** The controller's settings that decide which rights it needs in a namespace. */
export interface RightsNeeded {
  readonly watch: WatchMode
  /** Whether it reads SecretProviderClasses. */
  readonly classes: boolean
  /** Whether it reads ExternalSecrets and SecretStores. */
  readonly externalSecrets: boolean
}

/** An object to print. */
interface PrintedRole extends JsonObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace: string }
}

/**
 * The name of the Role, its RoleBinding, and the controller's ServiceAccount. Earlier releases of the chart used the
 * same name.
 */
export const roleName = 'akv-injector-sync'

/**
 * Makes the Role and the RoleBinding that enable accounts of one namespace.
 *
 * @param accounts - those that Secret sync is enabled for
 */
export function syncRolesFor(
  namespace: string,
  accounts: readonly string[],
  {
    controllerNamespace,
    rollouts = [],
    classNames = [],
    ...needed
  }: RightsNeeded & {
    /** The namespace of the controller's ServiceAccount. */
    readonly controllerNamespace: string
    /** The accounts whose workloads may be rolled out. */
    readonly rollouts?: readonly string[]
    /** The SecretProviderClasses of the volumes of these workloads. */
    readonly classNames?: readonly string[]
  },
): readonly PrintedRole[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const metadata = { name: roleName, namespace }
  const isForRolloutsOnly = accounts.length === 0 && rollouts.length > 0
  return [
    {
      apiVersion,
      kind: 'Role',
      metadata,
      // Without names, a rule would be about all accounts.
      rules: [
        ...(isForRolloutsOnly ? [] : accountRules(accounts)),
        { apiGroups: [''], resources: ['events'], verbs: ['create'] },
        ...(isForRolloutsOnly ? [] : watchRules(needed)),
        ...(rollouts.length > 0 ? rolloutRules(rollouts, classNames) : []),
      ],
    },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: roleName },
      subjects: [{ kind: 'ServiceAccount', name: roleName, namespace: controllerNamespace }],
    },
  ]
}

const accountRules = (resourceNames: readonly string[]) => [
  { apiGroups: [''], resources: ['serviceaccounts/token'], resourceNames, verbs: ['create'] },
  { apiGroups: [''], resources: ['serviceaccounts'], resourceNames, verbs: ['patch'] },
  // No `list` and `watch`: the controller can read only Secrets whose names it knows.
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'create', 'patch', 'delete'] },
]

/** The mark keeps these accounts out of Secret sync. An account that is to have both is in two rules. */
const rolloutRules = (accounts: readonly string[], classNames: readonly string[]) => [
  {
    apiGroups: [''],
    resources: ['serviceaccounts/token'],
    resourceNames: [...accounts, rolloutsMark],
    verbs: ['create'],
  },
  {
    apiGroups: [''],
    resources: ['serviceaccounts'],
    resourceNames: accounts,
    verbs: ['get', 'patch'],
  },
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  // What owns a pod of a Deployment.
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get'] },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
    verbs: ['get', 'patch'],
  },
  ...(classNames.length > 0 ? [{ ...classRule, resourceNames: classNames, verbs: ['get'] }] : []),
]

const classRule = {
  apiGroups: ['secrets-store.csi.x-k8s.io'],
  resources: ['secretproviderclasses'],
}

function watchRules({ watch, classes, externalSecrets }: RightsNeeded): readonly JsonObject[] {
  if (watch === 'cluster') return []
  const verbs = ['list', 'watch']
  const stores = { apiGroups: ['external-secrets.io'] }
  return [
    { apiGroups: [''], resources: ['serviceaccounts'], verbs },
    ...(classes ? [{ ...classRule, verbs }] : []),
    ...(externalSecrets
      ? [
          { ...stores, resources: ['externalsecrets', 'secretstores'], verbs },
          {
            ...stores,
            resources: ['externalsecrets/status', 'secretstores/status'],
            verbs: ['patch'],
          },
        ]
      : []),
  ]
}
