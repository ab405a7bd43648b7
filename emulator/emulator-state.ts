import type { Tenant } from './entra/tenant.ts'
import type { VaultService } from './vault/vault-service.ts'

/** What the parts of one emulator share. */
export type EmulatorState = Tenant & VaultService
