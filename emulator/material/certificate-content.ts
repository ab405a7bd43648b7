/** The value of a certificate's secret: its key and its chain, as PKCS#12 or PEM. */

import type { KeyObject } from 'node:crypto'
import type { CertificateContentType, CertificateDefinition, CertificateMaterial } from './specs.ts'
import { writePfx } from './write-pfx.ts'

/** An imported certificate keeps its bytes. Like the service, leaves out a key that isn't exportable. */
export function secretValueOf(
  { certificate, exportable, contentType }: CertificateDefinition,
  material: CertificateMaterial,
): string {
  if ('value' in certificate && exportable) return certificate.value
  return contentAs(contentType, material, exportable)
}

/** @param withKey - whether to include the private key */
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
