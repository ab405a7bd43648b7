import type { Cloud } from '../../init-agent/contract.ts'
import type { LogLevel } from '../../lib/log-level.ts'

/** Amounts by resource name, as Kubernetes writes quantities: `{ cpu: '10m', memory: '96Mi' }`. */
export type Amounts = Readonly<Record<string, string>>

/** What the operator decided. Annotations choose within it, never beyond it. */
export interface Policy {
  readonly agentImage: string
  readonly agentImagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  readonly cloud: Cloud
  readonly defaultVault?: string
  readonly defaultTenantId?: string
  /** Vault names a namespace may name, lower case; `*` stands for namespaces not listed. Absent: all. */
  readonly allowedVaults?: ReadonlyMap<string, ReadonlySet<string>>
  readonly allowRoot: boolean
  readonly agentRequests: Amounts
  readonly agentLimits: Amounts
  readonly volumeSizeLimit: string
  readonly agentLogLevel: LogLevel
}
