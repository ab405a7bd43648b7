import type { JsonObject } from '../../../lib/shape.ts'

type Objects = readonly JsonObject[]

/**
 * What `doctor` has read of a cluster: objects as the API server gives them. A member is undefined if the caller may not read
 * it; a kind that the cluster doesn't have gives no objects.
 */
export interface ClusterFacts {
  /** By the API server's clock, in milliseconds since 1970. */
  readonly nowMs: number
  /** Of the API server: `v1.36.3`. */
  readonly serverVersion: string
  /** A sentence for each kind that the API server failed to list. */
  readonly broken: readonly string[]
  readonly nodes: Objects | undefined
  readonly namespaces: Objects | undefined
  readonly mutatingConfigurations: Objects | undefined
  readonly policies: Objects | undefined
  readonly policyBindings: Objects | undefined
  /** All that could be read. */
  readonly deployments: Objects | undefined
  readonly daemonSets: Objects | undefined
  /** Deployments and DaemonSets excepted, the workloads that have templates of pods. */
  readonly otherWorkloads: Objects | undefined
  readonly pods: Objects | undefined
  readonly seesAllPods: boolean
  readonly accounts: Objects | undefined
  readonly classes: Objects | undefined
  /** SecretProviderClassPodStatuses: which classes the CSI driver has mounted. */
  readonly classMounts: Objects | undefined
  readonly externalSecrets: Objects | undefined
  readonly drivers: Objects | undefined
  readonly podMonitors: Objects | undefined
  readonly serviceMonitors: Objects | undefined
  readonly rules: Objects | undefined
  /** Of cert-manager. */
  readonly certificates: Objects | undefined
  /** The certificate that the webhook serves, in PEM, with what follows it. Empty if its Secret has none. */
  readonly servedCertificate: string | undefined
  /** What became of a pod that was created by a dry run. */
  readonly dryRun: DryRun
  /** What the controller of Secret sync lacks, by account. Undefined if the caller may not ask. */
  readonly syncRights: readonly AccountRights[] | undefined
}

/** What the API server said when a pod with our annotations was created by a dry run. */
export type DryRun =
  | { readonly kind: 'created'; readonly namespace: string; readonly pod: JsonObject }
  | {
      readonly kind: 'refused'
      readonly namespace: string
      readonly status: number
      readonly message: string
    }
  /** It wasn't tried. The sentence says why. */
  | { readonly kind: 'none'; readonly sentence: string }

/** What the controller may do for an account that asks for Secrets. */
export interface AccountRights {
  readonly namespace: string
  readonly account: string
  /** What it may not do, such as `create serviceaccounts/token`. Empty: the account is enabled. */
  readonly lacking: readonly string[]
}
