import { randomUUID } from 'node:crypto'
import type { EmulatedIdentity, EmulatorData } from '../data/data.ts'
import type { Faults } from '../faults/faults.ts'
import type { KeysOf } from './issuer-keys.ts'
import type { Signer } from './signer.ts'

/** The state of Entra and of the emulator's own token issuer. */
export interface Tenant {
  readonly tenantId: string
  /** By client ID, in lower case. */
  readonly identities: Map<string, RegisteredIdentity>
  readonly faults: Faults
  /** The resource that tokens for vaults name: `https://vault.azure.net` */
  readonly audience: string
  readonly tokenLifetimeSeconds: number
  readonly entraSigner: Signer
  readonly issuerSigner: Signer
  readonly keysOf: KeysOf
  /** The emulator's own issuer of service account tokens. */
  readonly ownIssuer: string
  /** The issuer of a federated credential that doesn't name one. */
  readonly defaultIssuer: string
  /** `https://localhost:PORT` */
  readonly url: string
  now(): Date
}

export interface RegisteredIdentity extends EmulatedIdentity {
  readonly objectId: string
}

/** The identities of a vault file, each with a service principal. */
export const registered = ({
  identities,
}: Pick<EmulatorData, 'identities'>): readonly [string, RegisteredIdentity][] =>
  identities.map((app) => [app.clientId, { ...app, objectId: randomUUID() }])

/** The issuer of access tokens: Entra's v1 issuer, which Key Vault expects. */
export const accessTokenIssuer = (tenantId: string): string =>
  `https://sts.windows.net/${tenantId}/`
