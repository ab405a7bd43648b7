/** The secret behind a certificate: its key and all its certificates, as PKCS#12 or PEM. */

import type { KeyObject } from 'node:crypto'
import type { CertificateContentType, CertificateDefinition, CertificateMaterial } from './specs.ts'
import { writePfx } from './write-pfx.ts'

/** What is imported comes out as it came in. A key that isn't exportable is left out, as the service leaves it out. */
export function secretValueOf(
  { certificate, exportable, contentType }: CertificateDefinition,
  material: CertificateMaterial,
): string {
  if ('value' in certificate && exportable) return certificate.value
  return contentAs(contentType, material, exportable)
}

/** @param withKey - whether the private key is to be part of it */
export function contentAs(
  contentType: CertificateContentType,
  { certificates, privateKey }: CertificateMaterial,
  withKey: boolean,
): string {
  return contentType === 'application/x-pkcs12'
    ? writePfx(certificates, withKey ? privateKey : undefined).toString('base64')
    : [...(withKey ? [pkcs8(privateKey)] : []), ...certificates.map(String)].join('')
}

const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' })
