import type { Cloud } from '../../delivery/contract.ts'
import type { TokenProxyState } from '../../lib/identity-binding/token-proxy.ts'
import type { LogLevel } from '../../lib/log/log-level.ts'
import type { Amounts } from '../../lib/values/quantity.ts'

/** The administrator's clouds, as `AKV_INJECTOR_CLOUD` names them. */
export const cloudNames = ['public', 'usgov', 'china', 'custom'] as const
export type CloudName = (typeof cloudNames)[number]

/**
 * The defaults of each namespace, by the names of annotations without their prefix, as they are written; `*` stands for all
 * namespaces that aren't listed. All are valid.
 */
export type TeamDefaults = ReadonlyMap<string, Readonly<Record<string, string>>>

/** The administrator's decisions. Annotations choose within these limits. */
export interface Policy {
  /** The version of the webhook, as the value of a label. */
  readonly versionLabel: string
  readonly agentImage: string
  readonly agentImagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /** The `HTTPS_PROXY` and `NO_PROXY` of agents. */
  readonly agentProxy: { readonly url?: string; readonly exceptions?: string }
  readonly cloudName: CloudName
  readonly cloud: Cloud
  /** How pods and accounts sign in that ask for an identity binding of AKS. Absent: the administrator allows none. */
  readonly tokenProxy?: TokenProxyState
  readonly defaultVault?: string
  readonly defaultTenantId?: string
  /** Absent: the administrator's file has none, or there is no file. */
  readonly teamDefaults?: TeamDefaults
  /** Of the defaults of a pod's namespace, those that the pod doesn't set itself, as they are written (`policyOf`). */
  readonly usedDefaults?: Readonly<Record<string, string>>
  /** From these defaults. The client is used only if neither the pod nor its ServiceAccount names one. */
  readonly defaultClientId?: string
  readonly defaultRefreshSeconds?: number
  readonly defaultStaleAfterSeconds?: number
  /** The vaults that each namespace may use, in lower case; `*` stands for all namespaces not listed. Absent: all vaults. */
  readonly allowedVaults?: ReadonlyMap<string, ReadonlySet<string>>
  /**
   * By namespace, what Secrets made by Secret sync may have although other controllers trust it: entries of
   * requests/secret/trusted-metadata.ts.
   */
  readonly allowedMetadata?: ReadonlyMap<string, ReadonlySet<string>>
  readonly allowRoot: boolean
  /** Whether other containers of a pod may be able to become its agent, whose process they see. */
  readonly allowExposedAgents: boolean
  /** Containers wait for a refreshing agent at a start gate, not for a startup probe. Needs kubelets of 1.35 or later. */
  readonly fastStart: boolean
  /** The minor version of the oldest Kubernetes that injected pods run on. Absent: one that supports all annotations. */
  readonly kubernetesMinor?: number
  readonly agentRequests: Amounts
  readonly agentLimits: Amounts
  readonly volumeSizeLimit: string
  /** The port at which refreshing agents serve metrics, unless an annotation says otherwise; 0: none. */
  readonly metricsPort: number
  /** Whether agents tell Entra and vaults the namespace and the name of their pod. */
  readonly namesPods: boolean
  readonly agentLogLevel: LogLevel
  /** How often the agent of a pod with volumes of the CSI driver refreshes, unless an annotation says so; 0: never. */
  readonly csiRefreshSeconds: number
}
