/** The contents of an emulator: the typed form of the vault file (see `parse-data.ts`). */

import type { CertificateDefinition, ImportedKey, KeySpec } from '../material/specs.ts'

export interface EmulatorData {
  readonly tenantId: string
  readonly identities: readonly EmulatedIdentity[]
  readonly vaults: readonly VaultData[]
}

/** An application or a managed identity that may sign in with a service account's token. */
export interface EmulatedIdentity {
  readonly clientId: string
  readonly federatedCredentials: readonly FederatedCredential[]
  /**
   * The subjects of the accounts that may use it by an identity binding. Absent: the cluster has no binding for it.
   */
  readonly boundAccounts?: readonly string[] | undefined
}

interface FederatedCredential {
  readonly subject: string
  /** The emulator's default issuer if absent. */
  readonly issuer?: string | undefined
  readonly audience: string
}

export interface VaultData {
  readonly name: string
  /** Client IDs that may read secrets, keys and certificates; `*` is every identity. */
  readonly readers: readonly string[]
  /** Client IDs that may do everything; `*` is every identity. */
  readonly writers: readonly string[]
  readonly secrets: readonly ObjectData<EmulatedSecret>[]
  readonly keys: readonly ObjectData<KeyData>[]
  readonly certificates: readonly ObjectData<CertificateData>[]
}

/** An object with its versions. */
export interface ObjectData<V> {
  readonly name: string
  /** Never empty. */
  readonly versions: readonly V[]
  readonly deleted: boolean
}

/** The properties that versions of all kinds share. */
export interface VersionData {
  /** 32 hexadecimal digits; generated if absent. */
  readonly version?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly enabled: boolean
  readonly created?: Date | undefined
  readonly expires?: Date | undefined
  readonly notBefore?: Date | undefined
}

export interface EmulatedSecret extends VersionData {
  readonly value: SecretValue
  readonly contentType?: string | undefined
}

/** The value, or the number of random characters to generate. */
type SecretValue = string | { readonly generate: number }

export interface KeyData extends VersionData {
  readonly key: KeySpec | ImportedKey
}

export interface CertificateData extends VersionData, CertificateDefinition {}

export const defaultTenantId = '11111111-1111-1111-1111-111111111111'
