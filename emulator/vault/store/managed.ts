/**
 * A certificate is also a secret and a key with the same name and versions. Those two are derived from the certificate on
 * each request instead of stored, so they can't get out of step.
 */

import { createPublicKey } from 'node:crypto'
import type { CertificateData } from '../../data/data.ts'
import { lazy } from '../../material/lazy.ts'
import { jwkOf } from '../../material/make-key.ts'
import type { CertificateMaterial, KeyType } from '../../material/specs.ts'
import type {
  CertificateVersion,
  KeyVersion,
  SecretVersion,
  StoredCollection,
  StoredObject,
  Vault,
} from './stored-object.ts'
import { find } from './vault-store.ts'

/** All secrets, including those of certificates. */
export const secretsOf = ({ secrets, certificates }: Vault): StoredCollection<SecretVersion> =>
  new Map([...secrets, ...mapped(certificates, secretOf)])

/** Finds a secret, even if it is deleted. */
export function findSecret(vault: Vault, name: string): StoredObject<SecretVersion> | undefined {
  const certificate = find(vault.certificates, name)
  return certificate === undefined ? find(vault.secrets, name) : withVersions(certificate, secretOf)
}

/** All keys, including those of certificates. */
export const keysOf = ({ keys, certificates }: Vault): StoredCollection<KeyVersion> =>
  new Map([...keys, ...mapped(certificates, keyOf)])

export function findKey(vault: Vault, name: string): StoredObject<KeyVersion> | undefined {
  const certificate = find(vault.certificates, name)
  return certificate === undefined ? find(vault.keys, name) : withVersions(certificate, keyOf)
}

function secretOf(certificate: CertificateVersion): SecretVersion {
  const { contentType } = certificate.data
  return { ...certificate, contentType, content: { kind: 'certificate', certificate } }
}

const keyOf = (certificate: CertificateVersion): KeyVersion => ({
  ...certificate,
  managed: true,
  jwk: lazy(async () => certificateJwk(certificate.data, await certificate.material())),
})

/** The public key, with the key type of the certificate's policy. */
export const certificateJwk = (
  data: CertificateData,
  { certificates: [leaf], privateKey }: CertificateMaterial,
) => jwkOf(createPublicKey(privateKey), keyTypeOf(data, leaf.publicKey.asymmetricKeyType))

const keyTypeOf = ({ certificate }: CertificateData, keyKind: string | undefined): KeyType => {
  if ('key' in certificate) return certificate.key.type
  return keyKind === 'rsa' ? 'RSA' : 'EC'
}

const withVersions = <V, W>(object: StoredObject<V>, change: (version: V) => W) => ({
  ...object,
  versions: object.versions.map(change),
})

const mapped = <V, W>(
  collection: StoredCollection<V>,
  change: (version: V) => W,
): StoredCollection<W> =>
  new Map([...collection].map(([key, object]) => [key, withVersions(object, change)]))
