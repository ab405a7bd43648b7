import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

/** What the secret behind a certificate holds, in the order in which it is stored there. */
export interface KeyMaterial {
  /** PKCS#8, DER. Absent if the key isn't exportable. */
  readonly keys: readonly Uint8Array[]
  /** X.509, DER. */
  readonly certificates: readonly Uint8Array[]
}

/** More than any chain has; ordering them compares each with each. */
export const maxCertificates = 50

/**
 * A private key as plain PKCS#8, as OpenSSL and Go write it: without the attributes that Windows adds.
 *
 * @returns undefined if it isn't a valid private key
 */
export function toPkcs8(der: Uint8Array, type: 'pkcs8' | 'pkcs1' | 'sec1'): Uint8Array | undefined {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type }).export({
      format: 'der',
      type: 'pkcs8',
    })
  } catch {
    return undefined
  }
}

/** The key that PKCS#8 bytes stand for. They were checked when they were read: see {@link toPkcs8}. */
export const privateKeyOf = (pkcs8: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })

/** @returns undefined if the bytes aren't a certificate, or contain more than one */
export function readCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) ? certificate : undefined
  } catch {
    return undefined
  }
}

/** What {@link isCertificateOf} costs, for a CPU budget. */
export const comparisonMicroseconds = 200

/** Whether a certificate is for the public half of a key. */
export function isCertificateOf(certificate: Uint8Array, pkcs8: Uint8Array): boolean {
  return readCertificate(certificate)?.checkPrivateKey(privateKeyOf(pkcs8)) === true
}
