import type { Tenant } from '../entra/tenant.ts'
import type { Vault } from './store/stored-object.ts'

/** The state of Key Vault: the vaults, and the tenant whose tokens they accept. */
export interface VaultService
  extends Pick<Tenant, 'tenantId' | 'audience' | 'entraSigner' | 'faults' | 'url' | 'now'> {
  readonly vaults: Map<string, Vault>
}
