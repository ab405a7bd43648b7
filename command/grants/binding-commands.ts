import { credentialName } from './credential-name.ts'
import {
  az,
  azQuery,
  output,
  run,
  type ScriptLine,
  shellWord,
  variable,
  type Word,
} from './script.ts'

interface BoundAccount {
  readonly namespace: string
  readonly account: string
}

/** The variables that name an AKS cluster for `az aks`. Whoever runs the commands has to set them. */
export const aksClusterVariables = {
  AKS_NAME: 'the name of the AKS cluster',
  AKS_GROUP: 'the resource group of the AKS cluster',
} as const

/** The command that binds a managed identity to the cluster. */
export const bindCommand = (identity: Word, group: Word): ScriptLine =>
  run(
    az('aks identity-binding create', {
      name: identity,
      'cluster-name': variable('AKS_NAME'),
      'resource-group': variable('AKS_GROUP'),
      'managed-identity-resource-id': output(
        azQuery('identity show', { name: identity, 'resource-group': group, query: 'id' }),
      ),
    }),
  )

/**
 * Returns a shell command that lets accounts use a bound identity. It names each account, never a group. All names have
 * been checked.
 *
 * @param client - its client ID
 */
export function allowCommand(accounts: readonly BoundAccount[], client: Word): ScriptLine {
  const role = shellWord`akv-injector-use-${client}`
  const bindings = accounts.flatMap(
    ({ namespace, account }) => shellWord`
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: ${role}-${credentialName(namespace, account).replaceAll('_', '.')}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: ${role}
subjects:
  - kind: ServiceAccount
    name: ${account}
    namespace: ${namespace}`,
  )
  const input = shellWord`apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${role}
rules:
  - apiGroups: ["cid.wi.aks.azure.com"]
    resources: ["${client}"]
    verbs: ["use-managed-identity"]${bindings}`
  return { kind: 'run', words: ['kubectl', 'apply', '--filename', '-'], input }
}
