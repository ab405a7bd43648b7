import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import asn1 from 'node-forge/lib/asn1.js'
import pkcs12 from 'node-forge/lib/pkcs12.js'
import pki from 'node-forge/lib/pki.js'
import type { CertificateMaterial } from './specs.ts'

/**
 * @param pfx - DER
 * @param password - default: empty, as in Key Vault's own files
 * @returns undefined if it can't be opened, or doesn't contain a key and its certificate
 */
export function importPfx(pfx: Buffer, password = ''): CertificateMaterial | undefined {
  try {
    const { getBags } = pkcs12.pkcs12FromAsn1(asn1.fromDer(pfx.toString('latin1')), password)
    const bagsOf = (bagType: string) => getBags({ bagType })[bagType] ?? []
    const keys = [...bagsOf(pki.oids.keyBag), ...bagsOf(pki.oids.pkcs8ShroudedKeyBag)]
    return materialOf(keys.map(privateKeyOf), bagsOf(pki.oids.certBag).map(certificateOf))
  } catch {
    // Messages of node-forge and Node aren't shown, because they could contain part of the key.
    return undefined
  }
}

/**
 * @param pem - certificates and a private key without a password, in any order
 * @returns undefined if it doesn't contain a key and its certificate
 */
export function importPem(pem: string): CertificateMaterial | undefined {
  const blocks = pem.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g) ?? []
  const isCertificate = (block: string) => block.startsWith('-----BEGIN CERTIFICATE-----')
  try {
    return materialOf(
      blocks
        .filter((block) => block.includes('PRIVATE KEY-----'))
        .map((block) => createPrivateKey(block)),
      blocks.filter(isCertificate).map((block) => new X509Certificate(block)),
    )
  } catch {
    return undefined
  }
}

/** The certificate of the key becomes the leaf; the others keep their order. */
function materialOf(
  [privateKey]: readonly KeyObject[],
  certificates: readonly X509Certificate[],
): CertificateMaterial | undefined {
  if (privateKey === undefined) return undefined
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(privateKey))
  const known = ['rsa', 'ec'].includes(privateKey.asymmetricKeyType ?? '')
  return leaf === undefined || !known
    ? undefined
    : { privateKey, certificates: [leaf, ...certificates.filter((other) => other !== leaf)] }
}

/** node-forge converts RSA keys to its own format, and leaves others as ASN.1. */
function privateKeyOf({ key, asn1: other }: ForgeBag): KeyObject {
  const info = key == null ? other : pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key))
  return createPrivateKey({ key: derOf(info), format: 'der', type: 'pkcs8' })
}

const certificateOf = ({ cert, asn1: other }: ForgeBag): X509Certificate =>
  new X509Certificate(derOf(cert == null ? other : pki.certificateToAsn1(cert)))

function derOf(value: ForgeAsn1 | undefined): Buffer {
  if (value === undefined) throw new Error('an empty bag')
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1')
}
