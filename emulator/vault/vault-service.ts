import type { Tenant } from '../entra/tenant.ts'
import type { Vaults } from './store/stored-object.ts'

/** What Key Vault works with: the vaults, and the tenant whose tokens it accepts. */
export interface VaultService
  extends Pick<Tenant, 'tenantId' | 'audience' | 'entraSigner' | 'faults' | 'url' | 'now'> {
  readonly vaults: Vaults
}
