/** Keys and certificates: their descriptions in the vault file, and the objects created from them. */

import type { KeyObject, X509Certificate } from 'node:crypto'

/** Key Vault's own limit on a secret's value. */
export const maxValueBytes = 25 * 1024

/** A key to generate. The `-HSM` types differ from the others in name only. */
export type KeySpec = AsymmetricKeySpec | { readonly type: 'oct' | 'oct-HSM' }

export type AsymmetricKeySpec =
  | { readonly type: 'RSA' | 'RSA-HSM'; readonly size: RsaSize }
  | { readonly type: 'EC' | 'EC-HSM'; readonly curve: Curve }

export type KeyType = KeySpec['type']
export const keyTypes = ['RSA', 'RSA-HSM', 'EC', 'EC-HSM', 'oct', 'oct-HSM'] as const
export const rsaSizes = ['2048', '3072', '4096'] as const
type RsaSize = (typeof rsaSizes)[number]
export const curves = ['P-256', 'P-384', 'P-521', 'P-256K'] as const
type Curve = (typeof curves)[number]

export interface ImportedKey {
  readonly type: Exclude<KeyType, 'oct' | 'oct-HSM'>
  readonly publicKey: KeyObject
}

/** A certificate to issue, or an imported one, and the format of its secret. */
export interface CertificateDefinition {
  readonly contentType: CertificateContentType
  /** Whether the secret includes the private key. */
  readonly exportable: boolean
  readonly certificate: CertificateSpec | ImportedCertificate
}

export const certificateContentTypes = ['application/x-pkcs12', 'application/x-pem-file'] as const
export type CertificateContentType = (typeof certificateContentTypes)[number]

/** A certificate to issue. */
export interface CertificateSpec {
  /** `CN=web.example, O=Contoso` */
  readonly subject: string
  readonly dnsNames: readonly string[]
  readonly key: AsymmetricKeySpec
  readonly issuer: CertificateIssuer
  readonly lifetimeDays: number
}

/**
 * `self`: the certificate's own key signs it. Otherwise a root signs it through this many intermediates; `root` says
 * whether the object lists the root, too.
 */
type CertificateIssuer = 'self' | { readonly intermediates: number; readonly root: boolean }

export interface ImportedCertificate extends CertificateMaterial {
  /** The secret's value, as it was imported. */
  readonly value: string
}

/** A certificate with its private key and its chain. */
export interface CertificateMaterial {
  readonly privateKey: KeyObject
  /** The leaf first. */
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
}
