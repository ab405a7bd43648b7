import type { EmulatorData } from './data/data.ts'
import { registered, type Tenant } from './entra/tenant.ts'
import { createVaults } from './vault/store/create-vaults.ts'
import type { VaultService } from './vault/vault-service.ts'

/** Identities and vaults that are added while the emulator runs. */
export type AddedContent = Pick<EmulatorData, 'identities' | 'vaults'>

/** Client IDs, and names of vaults. Both are in lower case. */
export interface ContentNames {
  readonly identities: readonly string[]
  readonly vaults: readonly string[]
}

type Existing = Pick<Tenant, 'identities'> & Pick<VaultService, 'vaults'>

/** @throws Error if an identity or a vault exists. Nothing is added then. */
export function add({ identities, vaults }: Existing, content: AddedContent, now: Date): void {
  for (const { clientId } of content.identities)
    if (identities.has(clientId)) throw new Error(`the identity ${clientId} already exists`)
  for (const { name } of content.vaults)
    if (vaults.has(name)) throw new Error(`the vault ${name} already exists`)
  for (const [id, identity] of registered(content)) identities.set(id, identity)
  for (const [name, vault] of createVaults(content, now)) vaults.set(name, vault)
}

/** Unlike in Azure, nothing of a removed vault stays: its name is free at once. */
export function remove({ identities, vaults }: Existing, names: ContentNames): void {
  for (const id of names.identities) identities.delete(id)
  for (const name of names.vaults) vaults.delete(name)
}
