import { credentialName } from './credential-name.ts'

interface BoundAccount {
  readonly namespace: string
  readonly account: string
}

/** The variables that name an AKS cluster for `az aks`. Whoever runs the commands has to set them. */
export const aksClusterVariables = {
  AKS_NAME: 'the name of the AKS cluster',
  AKS_GROUP: 'the resource group of the AKS cluster',
} as const

/**
 * The command that binds a managed identity to the cluster.
 *
 * @param identity - a shell word for its name
 * @param group - a shell word for its resource group
 */
export const bindCommand = (identity: string, group: string): string =>
  `az aks identity-binding create --name ${identity} --cluster-name "$AKS_NAME" --resource-group "$AKS_GROUP" --managed-identity-resource-id "$(az identity show --name ${identity} --resource-group ${group} --query id --output tsv)"`

/**
 * Returns a shell command that lets accounts use a bound identity. It names each account, never a group. All names have
 * been checked.
 *
 * @param clientId - absent: that of the shell's variable CLIENT_ID
 */
export function allowCommand(accounts: readonly BoundAccount[], clientId?: string): string {
  const client = clientId ?? '$CLIENT_ID'
  const role = `akv-injector-use-${client}`
  const documents = [
    `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${role}
rules:
  - apiGroups: ["cid.wi.aks.azure.com"]
    resources: ["${client}"]
    verbs: ["use-managed-identity"]`,
    ...accounts.map(
      ({ namespace, account }) => `apiVersion: rbac.authorization.k8s.io/v1
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
    ),
  ]
  // If the client ID is known, the shell must not expand anything in the document, so the delimiter is quoted.
  const end = clientId === undefined ? 'END' : "'END'"
  return `kubectl apply --filename - <<${end}\n${documents.join('\n---\n')}\nEND`
}
