import type { AgentConfig } from '../init-agent/contract.ts'
import type { Problem } from '../webhook/core/outcome.ts'
import type { Policy } from '../webhook/core/policy.ts'

/** What is read of a ServiceAccount. */
export interface Account {
  readonly namespace: string
  readonly name: string
  /** Another one when the account was deleted and made anew. */
  readonly uid: string
  readonly annotations: Readonly<Record<string, unknown>>
}

/** A Secret that an account asks for. Its keys are the configuration's files below `name/`. */
export interface WantedSecret {
  readonly name: string
  readonly type: string
  /** Besides our own. */
  readonly labels: Readonly<Record<string, string>>
}

/** What the annotations of an account ask for. */
export type AccountWishes =
  /** No `akv-injector.io/sync`. */
  | { readonly kind: 'none' }
  /** `akv-injector.io/inject` is `"false"`: nothing is touched. */
  | { readonly kind: 'off' }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'wanted'
      /** Its files lie at `SECRET/KEY`; a folder `SECRET` is a `tls/` or `#*` whose files are keys of the Secret. */
      readonly config: AgentConfig
      /** The account's `azure.workload.identity/client-id` and `/tenant-id`, which come after our own annotations. */
      readonly azure: { readonly clientId?: string; readonly tenantId?: string }
      readonly secrets: readonly WantedSecret[]
    }

/**
 * Reads the annotations of a ServiceAccount (DESIGN 10).
 *
 * @param account - as the API server has it, or as a manifest does, where annotations may be no texts
 */
export function readAccount(
  account: Pick<Account, 'namespace' | 'name' | 'annotations'>,
  policy: Policy,
): AccountWishes {
  throw new Error(`not built yet: ${account.name} ${policy.agentImage}`)
}
