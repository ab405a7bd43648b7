import { createHash } from 'node:crypto'
import type { CertificateMaterial } from '../../material/specs.ts'
import { certificateJwk } from '../store/managed.ts'
import type { CertificateVersion, Live, StoredObject, Vault } from '../store/stored-object.ts'
import { newest } from '../store/vault-store.ts'
import { attributesOf, objectId, tagsOf } from './object-json.ts'

const monthMs = (365.25 / 12) * 24 * 60 * 60 * 1000

/** An item in a list of versions. */
export async function certificateVersionItem(
  vault: Vault,
  { object, version }: Live<CertificateVersion>,
) {
  return {
    id: `${objectId(vault, 'certificate', object.name)}/${version.version}`,
    ...metadata(version, await version.material()),
  }
}

/** An item in a list of certificates. */
export async function certificateItem(vault: Vault, certificate: StoredObject<CertificateVersion>) {
  const version = newest(certificate)
  return {
    id: objectId(vault, 'certificate', certificate.name),
    ...metadata(version, await version.material()),
  }
}

const metadata = (version: CertificateVersion, { certificates: [leaf] }: CertificateMaterial) => ({
  // RFC 7515, 4.1.7 requires SHA-1.
  x5t: createHash('sha1').update(leaf.raw).digest('base64url'),
  attributes: attributesOf(version),
  ...tagsOf(version),
})

export async function certificateBundle(vault: Vault, live: Live<CertificateVersion>) {
  const { object, version } = live
  const idOf = (kind: 'key' | 'secret') =>
    `${objectId(vault, kind, object.name)}/${version.version}`
  return {
    ...(await certificateVersionItem(vault, live)),
    kid: idOf('key'),
    sid: idOf('secret'),
    policy: await certificatePolicy(vault, live),
    cer: (await version.material()).certificates[0].raw.toString('base64'),
  }
}

/** The policy for renewing the certificate. */
export async function certificatePolicy(
  vault: Vault,
  { object, version }: Live<CertificateVersion>,
) {
  const { data } = version
  const material = await version.material()
  const [leaf] = material.certificates
  const { validFromDate, validToDate } = leaf
  const { kty, crv } = await certificateJwk(data, material)
  const size = leaf.publicKey.asymmetricKeyDetails?.modulusLength ?? Number(crv?.slice(2))
  const { enabled, created, updated } = attributesOf(version)
  return {
    id: `${objectId(vault, 'certificate', object.name)}/policy`,
    key_props: {
      exportable: data.exportable,
      kty,
      key_size: size,
      reuse_key: false,
      ...(crv === undefined ? {} : { crv }),
    },
    secret_props: { contentType: data.contentType },
    x509_props: {
      subject: leaf.subject.split('\n').join(', '),
      sans: { dns_names: dnsNamesOf(leaf.subjectAltName) },
      ekus: leaf.keyUsage ?? [],
      key_usage: crv === undefined ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'],
      validity_months: Math.round((validToDate.getTime() - validFromDate.getTime()) / monthMs),
      basic_constraints: { ca: leaf.ca },
    },
    lifetime_actions: [
      { trigger: { lifetime_percentage: 80 }, action: { action_type: 'AutoRenew' } },
    ],
    issuer: { name: isSelfSigned(version) ? 'Self' : 'Unknown' },
    attributes: { enabled, created, updated },
  }
}

const isSelfSigned = ({ data: { certificate } }: CertificateVersion) =>
  'issuer' in certificate && certificate.issuer === 'self'

const dnsNamesOf = (names = '') =>
  names.split(', ').flatMap((name) => (name.startsWith('DNS:') ? [name.slice(4)] : []))
