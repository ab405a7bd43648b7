import type { JsonObject } from '../../../lib/shape.ts'
import type { InstalledObject } from './installed.ts'

type Objects = readonly JsonObject[]

/**
 * What `doctor` has read from a cluster: objects as the API server returned them. A member is undefined if the caller
 * may not read it. It is empty if the cluster doesn't have the kind.
 */
export interface ClusterFacts {
  /** The time by the API server's clock, in milliseconds since 1970. */
  readonly nowMs: number
  /** The API server's version: `v1.36.3`. */
  readonly serverVersion: string
  /** A sentence for each kind that the API server failed to list. */
  readonly broken: readonly string[]
  readonly nodes: Objects | undefined
  readonly namespaces: Objects | undefined
  readonly mutatingConfigurations: Objects | undefined
  readonly policies: Objects | undefined
  readonly policyBindings: Objects | undefined
  /** All Deployments that the caller may read, whether of akv-injector or not. */
  readonly deployments: Objects | undefined
  readonly daemonSets: Objects | undefined
  /** Workloads with a pod template, other than Deployments and DaemonSets. */
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
  /** cert-manager's Certificates. */
  readonly certificates: Objects | undefined
  /** What was installed, by its ConfigMap. Empty if there is no ConfigMap, as in installs of earlier releases. */
  readonly installed: readonly InstalledObject[] | undefined
  /** The Services that the webhook configuration and the ConfigMap name, as far as they exist. */
  readonly services: Objects | undefined
  /** The certificate chain that the webhook serves, in PEM. Empty if its Secret has none. */
  readonly servedCertificate: string | undefined
  /** How the API server answered when a pod was created by a dry run. */
  readonly dryRun: DryRun
  /** Which rights the controller of Secret sync lacks, by account. Undefined if the caller may not read Roles. */
  readonly syncRights: readonly AccountRights[] | undefined
}

/** The API server's answer when a pod with our annotations was created by a dry run. */
export type DryRun =
  | { readonly kind: 'created'; readonly namespace: string; readonly pod: JsonObject }
  | {
      readonly kind: 'refused'
      readonly namespace: string
      readonly status: number
      readonly message: string
    }
  /** There was no dry run, because no namespace's pods are sent to the webhook. */
  | { readonly kind: 'left-alone' }
  /** There was no dry run for another reason, which the sentence says. */
  | { readonly kind: 'none'; readonly sentence: string }

/** What the controller may do for an account that requests Secrets, or that is enabled. */
export interface AccountRights {
  readonly namespace: string
  readonly account: string
  /** Whether it requests Secrets with an annotation. */
  readonly isAsking: boolean
  /** The rights that the controller lacks, such as `create serviceaccounts/token`. Empty: the account is enabled. */
  readonly lacking: readonly string[]
  /** Whether a ClusterRole that the caller may not read could give them. */
  readonly isUnsure: boolean
}
