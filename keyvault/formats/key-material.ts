import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { parseCertificate } from '../../lib/certificates.ts'

/** The contents of a secret that backs a certificate, in the order in which they are stored. */
export interface KeyMaterial {
  /** PKCS#8, DER. Absent if the key isn't exportable. */
  readonly keys: readonly Uint8Array[]
  /** X.509, DER. */
  readonly certificates: readonly Uint8Array[]
}

/** More than any chain has. Ordering certificates compares each with all others. */
export const maxCertificates = 50

/**
 * Converts a private key to plain PKCS#8, as OpenSSL and Go write it, without the attributes that Windows adds.
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

/** Parses a key that {@link toPkcs8} has checked. */
const privateKeyOf = (pkcs8: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })

/** @returns undefined if the bytes aren't a certificate, or contain more than one */
export function readCertificate(der: Uint8Array): X509Certificate | undefined {
  const certificate = parseCertificate(der)
  return certificate?.raw.equals(der) ? certificate : undefined
}

/** The cost of {@link isCertificateOf} for a CPU budget. */
export const comparisonMicroseconds = 200

/** Whether a certificate is for the public half of a key. */
export function isCertificateOf(certificate: Uint8Array, pkcs8: Uint8Array): boolean {
  return readCertificate(certificate)?.checkPrivateKey(privateKeyOf(pkcs8)) === true
}
