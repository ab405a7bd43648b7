/** Where a run makes things, as `az` and the cluster say it. */
export interface AzureAccount {
  readonly subscriptionId: string
  readonly tenantId: string
  readonly resourceGroup: string
  readonly location: string
  /** Who runs the command, as roles name them. */
  readonly objectId: string
  readonly principalType: 'User' | 'ServicePrincipal'
  /** The issuer of the cluster's tokens. */
  readonly issuer: string
  /** The cluster, if its identity binding is to be tried. */
  readonly aks?: AksCluster
  /** What makes the identities, their credentials and roles. Default: commands of az. */
  readonly modules?: ModuleKind
}

export const moduleKinds = ['bicep', 'terraform'] as const
export type ModuleKind = (typeof moduleKinds)[number]

export interface AksCluster {
  readonly name: string
  readonly resourceGroup: string
}
