import { contentAs } from './certificate-content.ts'
import { importPem, importPfx } from './import-certificate.ts'
import { type CertificateContentType, type ImportedCertificate, maxValueBytes } from './specs.ts'

/** An imported certificate, and the content type of the file that it came in. */
export interface Imported {
  readonly certificate: ImportedCertificate
  readonly contentType: CertificateContentType
}

/**
 * @param pfx - PKCS#12 in base64. Like Key Vault, stores it with an empty password
 * @returns undefined if it can't be opened, or doesn't contain a key and its certificate
 */
export function openPfx(pfx: string, password: string): Imported | undefined {
  const material = isBase64(pfx) ? importPfx(Buffer.from(pfx, 'base64'), password) : undefined
  if (material === undefined) return undefined
  const contentType = 'application/x-pkcs12'
  const value = password === '' ? pfx : contentAs(contentType, material, true)
  return { certificate: { ...material, value }, contentType }
}

/** Base64 that fits into a secret. */
const isBase64 = (found: string) =>
  found.length <= maxValueBytes &&
  /^(?:[0-9a-z+/]{4})*(?:[0-9a-z+/]{2}==|[0-9a-z+/]{3}=)?$/i.test(found)

/** @returns undefined if it doesn't contain a key and its certificate */
export function openPem(pem: string): Imported | undefined {
  const material = Buffer.byteLength(pem) <= maxValueBytes ? importPem(pem) : undefined
  return material === undefined
    ? undefined
    : { certificate: { ...material, value: pem }, contentType: 'application/x-pem-file' }
}
