import { X509Certificate } from 'node:crypto'

/** The blocks of certificates in a PEM text. Base64 has no hyphens, so the search takes linear time for any text. */
export const certificateBlocks = (text: string): readonly string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []

/**
 * @param encoded - one certificate, in PEM or DER
 * @returns undefined if it can't be read
 */
export function parseCertificate(encoded: string | Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(encoded)
  } catch {
    return undefined
  }
}
