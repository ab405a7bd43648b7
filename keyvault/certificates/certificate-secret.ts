import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { decodeValue } from '../formats/encoding.ts'
import type { KeyMaterial } from '../formats/key-material.ts'
import { readKeyMaterial, writeKeyMaterial } from '../formats/pem.ts'
import { buildPfx } from '../formats/pkcs12/build-pfx.ts'
import { readPfx } from '../formats/pkcs12/pfx.ts'
import { orderChain } from './chain.ts'

/** The secret that backs a certificate in Key Vault. It has a `kid`, which other secrets don't have. */
export interface CertificateSecret {
  readonly value: string
  /** `application/x-pkcs12`: PKCS#12 in base64; `application/x-pem-file`: PEM. */
  readonly contentType: string | undefined
}

/**
 * Returns what the CSI driver's Azure provider writes for a secret that backs a certificate (`objectType: secret`): PFX
 * becomes PEM; PEM stays as it is stored, byte for byte.
 */
export async function certificateSecretPem(
  secret: CertificateSecret,
  budget = createCpuBudget(),
): Promise<Parsed<string>> {
  const format = formatOf(secret)
  if (format.kind === 'invalid') return format
  if (format.value === 'pem') return valid(secret.value)
  const material = await readCertificateSecret(secret, budget)
  if (material.kind === 'invalid') return material
  const { keys } = material.value
  const certificates = await orderChain(material.value, budget)
  return valid(writeKeyMaterial({ keys, certificates }))
}

/**
 * Returns the certificate as binary PKCS#12. With an empty password: as stored, or built from the stored PEM. With another one it
 * is always built.
 */
export async function certificatePfx(
  secret: CertificateSecret,
  budget = createCpuBudget(),
  password = '',
): Promise<Parsed<Uint8Array>> {
  const format = formatOf(secret)
  if (format.kind === 'invalid') return format
  if (format.value === 'pfx' && password === '') return decodeValue(secret.value, 'base64')
  const material = await readCertificateSecret(secret, budget)
  if (material.kind === 'invalid') return material
  const { keys } = material.value
  const certificates = await orderChain(material.value, budget)
  return valid(await buildPfx({ keys, certificates }, { budget, password }))
}

/**
 * Caches the result for each secret: PKCS#12 takes milliseconds to read, and several targets may use the same
 * certificate.
 */
const known = new WeakMap<CertificateSecret, Parsed<KeyMaterial>>()

/**
 * Reads the keys and certificates of the secret, in the order in which they are stored. There is at least one
 * certificate.
 */
export async function readCertificateSecret(
  secret: CertificateSecret,
  budget = createCpuBudget(),
): Promise<Parsed<KeyMaterial>> {
  const material = known.get(secret) ?? (await readMaterial(secret, budget))
  known.set(secret, material)
  return material
}

/** The cost per character in microseconds: the keys and certificates are parsed and checked. */
const readCost = 0.5

async function readMaterial(
  secret: CertificateSecret,
  budget: CpuBudget,
): Promise<Parsed<KeyMaterial>> {
  const format = formatOf(secret)
  if (format.kind === 'invalid') return format
  budget.charge(secret.value.length * readCost)
  const material =
    format.value === 'pem' ? readKeyMaterial(secret.value) : await readBase64Pfx(secret, budget)
  if (material.kind === 'invalid' || material.value.certificates.length > 0) return material
  return invalid('the secret that backs the certificate contains no certificate')
}

async function readBase64Pfx(
  { value }: CertificateSecret,
  budget: CpuBudget,
): Promise<Parsed<KeyMaterial>> {
  const pfx = decodeValue(value, 'base64')
  return pfx.kind === 'invalid' ? pfx : await readPfx(pfx.value, budget)
}

function formatOf({ contentType = '' }: CertificateSecret): Parsed<'pfx' | 'pem'> {
  switch (contentType.trim().toLowerCase()) {
    case 'application/x-pkcs12':
      return valid('pfx')
    case 'application/x-pem-file':
      return valid('pem')
    default:
      return invalid(
        `the content type of the certificate's secret is "${printable(contentType)}"; accepted: application/x-pkcs12, application/x-pem-file`,
      )
  }
}
