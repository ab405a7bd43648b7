/** What an emulator is filled with: the typed form of its YAML file (see `parse-data.ts`). */

export interface EmulatorData {
  readonly tenantId: string
  readonly identities: readonly Identity[]
  readonly vaults: readonly VaultData[]
}

/** An application or a managed identity that may sign in with a token of a service account. */
export interface Identity {
  readonly clientId: string
  readonly federatedCredentials: readonly FederatedCredential[]
}

export interface FederatedCredential {
  readonly subject: string
  /** Absent: the emulator's default issuer. */
  readonly issuer?: string | undefined
  readonly audience: string
}

export interface VaultData {
  readonly name: string
  /** Client ids that hold Key Vault Secrets User; `*` is every identity that signed in. */
  readonly readers: readonly string[]
  /** Client ids that hold Key Vault Secrets Officer. */
  readonly writers: readonly string[]
  readonly secrets: readonly SecretData[]
}

export interface SecretData {
  readonly name: string
  /** Oldest first, never empty. */
  readonly versions: readonly VersionData[]
  readonly deleted: boolean
}

export interface VersionData {
  /** 32 hex digits. Absent: generated. */
  readonly version?: string | undefined
  readonly value: SecretValue
  readonly contentType?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly enabled: boolean
  readonly created?: Date | undefined
  readonly expires?: Date | undefined
  readonly notBefore?: Date | undefined
}

/** A text, or how many random characters to make one of. */
export type SecretValue = string | { readonly generate: number }

export const defaultTenantId = '11111111-1111-1111-1111-111111111111'
/** The audience that a federated credential is made with everywhere; the API server's tokens name it. */
export const exchangeAudience = 'api://AzureADTokenExchange'
/** Key Vault's own limit. */
export const maxValueBytes = 25 * 1024
