import type { AgentConfig } from '../../init-agent/contract.ts'
import type { Problem } from '../../lib/problem.ts'
import type { AzureIdentity } from '../../webhook/core/annotations/azure-identity.ts'
import type { Labels } from './labels.ts'

/** What the annotations of an account request. */
export type AccountRequest =
  /** No `akv-injector.io/sync`. */
  | { readonly kind: 'none' }
  /** `akv-injector.io/inject` is `"false"`: the controller changes nothing. */
  | { readonly kind: 'off' }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | SyncRequest

/** The Secrets that an account asks for, and where their values come from. */
export interface SyncRequest {
  readonly kind: 'wanted'
  /** The paths of its files are encoded by key-path.ts: each names a Secret, and a key unless the entry fills the Secret. */
  readonly config: AgentConfig
  /** The account's `azure.workload.identity/client-id` and `/tenant-id`. Our own annotations take precedence. */
  readonly azure: AzureIdentity
  readonly secrets: readonly RequestedSecret[]
}

/** One Secret of the list in `akv-injector.io/sync`, without its keys: those are files of the configuration. */
export interface RequestedSecret {
  readonly name: string
  readonly type: string
  /** Labels in addition to the controller's own. */
  readonly labels: Labels
  /** Annotations in addition to the controller's own. */
  readonly annotations?: Labels
}
