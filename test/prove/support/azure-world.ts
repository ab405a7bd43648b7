import type { JsonObject } from '../../../lib/shape.ts'

/** What a subscription has, so far as `prove` sees it. Names and IDs are compared as Azure does, without their case. */
export interface AzureWorld {
  readonly identities: Map<string, FakeIdentity>
  readonly vaults: Map<string, FakeVault>
  /** The identity bindings of the AKS cluster: which identity each binds. */
  readonly bindings: Map<string, string>
  /** Deployments of the resource groups, with their parameters. */
  readonly deployments: Map<string, JsonObject>
  /** Deleted, and not purged. */
  readonly deletedVaults: Map<string, FakeVault>
  /** Whether the caller may purge vaults. */
  canPurge: boolean
  /** The caller's actions in the resource group. */
  actions: readonly string[]
}

interface FakeIdentity {
  readonly tags: Tags
  readonly clientId: string
  readonly principalId: string
  /** By name. */
  readonly credentials: Map<string, FakeCredential>
}

interface FakeCredential {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
}

export interface FakeVault {
  readonly tags: Tags
  readonly location: string
  /** By name. Deleting the vault removes them. */
  readonly assignments: Map<string, FakeAssignment>
  /** The names of its secrets, keys and certificates, each as often as it has versions. */
  readonly objects: string[]
}

interface FakeAssignment {
  readonly roleId: string
  readonly principalId: string
  readonly principalType: string
}

type Tags = Readonly<Record<string, string>>

export const fakeAccount = {
  subscriptionId: '00000000-0000-0000-0000-0000000000aa',
  tenantId: '11111111-1111-1111-1111-111111111111',
  resourceGroup: 'Proof',
  location: 'westeurope',
  objectId: '33333333-3333-3333-3333-333333333333',
  principalType: 'ServicePrincipal',
  issuer: 'https://westeurope.oic.prod-aks.azure.com/a/b/',
} as const

export const emptyAzureWorld = (): AzureWorld => ({
  identities: new Map(),
  vaults: new Map(),
  bindings: new Map(),
  deployments: new Map(),
  deletedVaults: new Map(),
  canPurge: true,
  actions: ['*'],
})

/** Somebody else's things, which no run may touch. */
export function addStrangers(world: AzureWorld): void {
  const tags = { owner: 'somebody' }
  world.identities.set('shop', newIdentity(tags, 99))
  world.vaults.set('shop-kv', newVault(tags))
  world.bindings.set('shop', '/subscriptions/x/shop')
  world.deployments.set('shop', { tags })
  world.deletedVaults.set('shop-old-kv', newVault(tags))
}

export const newIdentity = (tags: Tags, number: number): FakeIdentity => ({
  tags,
  clientId: `44444444-4444-4444-4444-${String(number).padStart(12, '0')}`,
  principalId: `55555555-5555-5555-5555-${String(number).padStart(12, '0')}`,
  credentials: new Map(),
})

export const newVault = (tags: Tags, location: string = fakeAccount.location): FakeVault => ({
  ...{ tags, location },
  assignments: new Map(),
  objects: [],
})
