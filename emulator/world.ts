/** What the parts of one emulator share. */

import type { Identity } from './data/data.ts'
import type { KeysOf } from './entra/issuer-keys.ts'
import type { Signer } from './entra/signer.ts'
import type { Faults } from './faults/faults.ts'
import type { Vaults } from './vault/vault-store.ts'

export interface World {
  readonly tenantId: string
  readonly identities: ReadonlyMap<string, SignedUpIdentity>
  readonly vaults: Vaults
  readonly faults: Faults
  /** What vaults accept and Entra knows: `https://vault.azure.net` */
  readonly audience: string
  readonly tokenLifetimeSeconds: number
  readonly entraSigner: Signer
  readonly issuerSigner: Signer
  readonly keysOf: KeysOf
  /** The emulator's own issuer of service account tokens. */
  readonly ownIssuer: string
  /** What a federated credential without an issuer means. */
  readonly defaultIssuer: string
  /** `https://localhost:PORT` */
  readonly url: string
  now(): Date
}

export interface SignedUpIdentity extends Identity {
  readonly objectId: string
}

/** Who issues the access tokens: Entra's v1 issuer, which Key Vault expects. */
export const accessTokenIssuer = (tenantId: string): string =>
  `https://sts.windows.net/${tenantId}/`
