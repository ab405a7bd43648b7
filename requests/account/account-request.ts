import type { AgentConfig } from '../../delivery/contract.ts'
import type { SecretValue } from '../../delivery/destination.ts'
import type { Problem, SyncCode } from '../../lib/problems/problem.ts'
import type { AzureIdentity } from '../annotations/azure-identity.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import type { SecretFind } from '../secret/secret-find.ts'
import type { SourceRef } from '../secret/source-ref.ts'
import type { Source } from '../source/source.ts'

/** What the annotations of an account request. */
export type AccountRequest =
  /** No `akv-injector.io/sync`. */
  | { readonly kind: 'none' }
  /** `akv-injector.io/inject` is `"false"`: the controller changes nothing. */
  | { readonly kind: 'off' }
  | {
      readonly kind: 'refused'
      readonly problems: readonly Problem[]
      /** The Secrets of the annotation, as far as it can be read. */
      readonly claims: readonly string[]
    }
  | SyncRequest

/** The names of the Secrets that an account requests, even if a mistake keeps it from being synced. */
export function claimsOf(request: AccountRequest): readonly string[] {
  if (request.kind === 'refused') return request.claims
  return request.kind === 'wanted' ? request.secrets.map(({ name }) => name) : []
}

/** The part of the agent's configuration that Secrets need. Its lists of templates and variables are empty: those are for pods. */
export interface SyncConfig
  extends Pick<AgentConfig, 'templates' | 'env' | 'onDeleted' | 'refreshSeconds' | 'identity'> {
  /** The keys of all Secrets, and the inputs that keys are made of. */
  readonly files: readonly SecretValue[]
  /** The searches whose secrets are added to these. Absent: there are none. */
  readonly finds?: readonly SecretFind[]
}

/** The Secrets that an account asks for, and where their values come from. */
export interface SyncRequest {
  readonly kind: 'wanted'
  readonly config: SyncConfig
  /** The account's `azure.workload.identity/client-id` and `/tenant-id`. Our own annotations take precedence. */
  readonly azure: AzureIdentity
  /** Whether the account signs in by an identity binding of AKS. */
  readonly usesBinding: boolean
  readonly secrets: readonly RequestedSecret[]
  /** The sources, besides the annotation, that request some of the Secrets. */
  readonly sources: readonly Source[]
  /** What isn't synced because of a mistake. The Secrets that come from there stay as they are. */
  readonly mistakes: readonly SourceMistake[]
}

/** Mistakes of one source that don't concern the others. */
export interface SourceMistake {
  /** Absent if they are in the annotation of the account. */
  readonly source?: SourceRef & { readonly uid: string }
  readonly code: SyncCode
  /** Joins all mistakes. */
  readonly message: string
}

/** The values of one Secret in an account's configuration. */
export const filesOfSecret = (
  name: string,
  { files }: Pick<SyncConfig, 'files'>,
): readonly SecretValue[] => files.filter(({ to }) => to.secret === name)
