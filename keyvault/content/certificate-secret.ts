import { printable } from '../../text/printable.ts'
import type { Parsed } from '../reference.ts'
import { buildPfx } from './build-pfx.ts'
import { orderChain } from './chain.ts'
import { decodeValue } from './encoding.ts'
import type { KeyMaterial } from './key-material.ts'
import { readKeyMaterial, writeKeyMaterial } from './pem.ts'
import { readPfx } from './pfx.ts'

/** The secret that Key Vault keeps for a certificate. It has a `kid`, which other secrets don't. */
export interface CertificateSecret {
  readonly value: string
  /** `application/x-pkcs12`: PKCS#12 in base64; `application/x-pem-file`: PEM. */
  readonly contentType: string | undefined
}

/**
 * What the CSI driver's Azure provider writes for `objectType: secret` that backs a certificate: PFX becomes PEM; PEM
 * stays as it is stored, byte for byte.
 */
export function certificateSecretPem(secret: CertificateSecret): Parsed<string> {
  const kind = kindOf(secret)
  if ('problem' in kind) return kind
  if (kind.value === 'pem') return { value: secret.value }
  const material = readCertificateSecret(secret)
  if ('problem' in material) return material
  const { keys } = material.value
  return { value: writeKeyMaterial({ keys, certificates: orderChain(material.value) }) }
}

/** The certificate as PKCS#12 with an empty password, binary: as stored, or built of what is stored as PEM. */
export function certificatePfx(secret: CertificateSecret): Parsed<Uint8Array> {
  const kind = kindOf(secret)
  if ('problem' in kind) return kind
  if (kind.value === 'pfx') return decodeValue(secret.value, 'base64')
  const material = readCertificateSecret(secret)
  if ('problem' in material) return material
  const { keys } = material.value
  return { value: buildPfx({ keys, certificates: orderChain(material.value) }) }
}

/** What was read is kept beside the secret: PKCS#12 takes milliseconds, and several targets may want the same one. */
const known = new WeakMap<CertificateSecret, Parsed<KeyMaterial>>()

/** The keys and certificates of the secret, in the order in which they are stored. At least one certificate. */
export function readCertificateSecret(secret: CertificateSecret): Parsed<KeyMaterial> {
  const material = known.get(secret) ?? readMaterial(secret)
  known.set(secret, material)
  return material
}

function readMaterial(secret: CertificateSecret): Parsed<KeyMaterial> {
  const kind = kindOf(secret)
  if ('problem' in kind) return kind
  const material = kind.value === 'pem' ? readKeyMaterial(secret.value) : readBase64Pfx(secret)
  if ('problem' in material || material.value.certificates.length > 0) return material
  return { problem: 'there is no certificate in the secret that backs the certificate' }
}

function readBase64Pfx({ value }: CertificateSecret): Parsed<KeyMaterial> {
  const pfx = decodeValue(value, 'base64')
  return 'problem' in pfx ? pfx : readPfx(pfx.value)
}

function kindOf({ contentType = '' }: CertificateSecret): Parsed<'pfx' | 'pem'> {
  switch (contentType.trim().toLowerCase()) {
    case 'application/x-pkcs12':
      return { value: 'pfx' }
    case 'application/x-pem-file':
      return { value: 'pem' }
    default:
      return {
        problem: `the content type of the certificate's secret is "${printable(contentType)}"; accepted: application/x-pkcs12, application/x-pem-file`,
      }
  }
}
