/** What an emulator is filled with: the typed form of its YAML file (see `parse-data.ts`). */

import type { KeyObject, X509Certificate } from 'node:crypto'

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
  /** Client ids that may read secrets, keys and certificates; `*` is every identity that signed in. */
  readonly readers: readonly string[]
  /** Client ids that may do everything. */
  readonly writers: readonly string[]
  readonly secrets: readonly ObjectData<SecretData>[]
  readonly keys: readonly ObjectData<KeyData>[]
  readonly certificates: readonly ObjectData<CertificateData>[]
}

/** An object with its versions, each a `V`. */
export interface ObjectData<V> {
  readonly name: string
  /** Never empty. */
  readonly versions: readonly V[]
  readonly deleted: boolean
}

/** What versions of all sorts have. */
export interface VersionData {
  /** 32 hex digits. Absent: generated. */
  readonly version?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly enabled: boolean
  readonly created?: Date | undefined
  readonly expires?: Date | undefined
  readonly notBefore?: Date | undefined
}

export interface SecretData extends VersionData {
  readonly value: SecretValue
  readonly contentType?: string | undefined
}

/** A text, or how many random characters to make one of. */
export type SecretValue = string | { readonly generate: number }

export interface KeyData extends VersionData {
  readonly key: KeySpec | ImportedKey
}

/** A key to make. The `-HSM` types differ from the others in name only. */
export type KeySpec = AsymmetricKeySpec | { readonly type: 'oct' | 'oct-HSM' }

export type AsymmetricKeySpec =
  | { readonly type: 'RSA' | 'RSA-HSM'; readonly size: RsaSize }
  | { readonly type: 'EC' | 'EC-HSM'; readonly curve: Curve }

export type KeyType = KeySpec['type']
export const keyTypes = ['RSA', 'RSA-HSM', 'EC', 'EC-HSM', 'oct', 'oct-HSM'] as const
export const rsaSizes = ['2048', '3072', '4096'] as const
export type RsaSize = (typeof rsaSizes)[number]
export const curves = ['P-256', 'P-384', 'P-521', 'P-256K'] as const
export type Curve = (typeof curves)[number]

export interface ImportedKey {
  readonly type: Exclude<KeyType, 'oct' | 'oct-HSM'>
  readonly publicKey: KeyObject
}

export interface CertificateData extends VersionData {
  readonly contentType: CertificateContentType
  /** Whether the private key is part of the secret. */
  readonly exportable: boolean
  readonly certificate: CertificateSpec | ImportedCertificate
}

export const certificateContentTypes = ['application/x-pkcs12', 'application/x-pem-file'] as const
export type CertificateContentType = (typeof certificateContentTypes)[number]

/** A certificate to make. */
export interface CertificateSpec {
  /** `CN=web.example, O=Contoso` */
  readonly subject: string
  readonly dnsNames: readonly string[]
  readonly key: AsymmetricKeySpec
  readonly issuer: CertificateIssuer
  readonly lifetimeDays: number
}

/** Who signs: the certificate's own key, or a root (listed as part of the object or not) over so many intermediates. */
export type CertificateIssuer = 'self' | { readonly intermediates: number; readonly root: boolean }

export interface ImportedCertificate extends CertificateMaterial {
  /** The secret's value, as it was given. */
  readonly value: string
}

/** A certificate with all that belongs to it. */
export interface CertificateMaterial {
  readonly privateKey: KeyObject
  /** The leaf first. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
}

export const defaultTenantId = '11111111-1111-1111-1111-111111111111'
/** The audience that a federated credential is made with everywhere; the API server's tokens name it. */
export const exchangeAudience = 'api://AzureADTokenExchange'
/** Key Vault's own limit. */
export const maxValueBytes = 25 * 1024
