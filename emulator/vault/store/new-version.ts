/** Makes versions from the vault file's descriptions, or for a rotation. */

import { randomBytes, randomInt, X509Certificate } from 'node:crypto'
import type { CertificateData, EmulatedSecret, KeyData, VersionData } from '../../data/data.ts'
import { secretValueOf } from '../../material/certificate-content.ts'
import {
  type IssuedCertificate,
  issueAuthorities,
  issueVersion,
  type Validity,
} from '../../material/issue-certificate.ts'
import { lazy } from '../../material/lazy.ts'
import { makeJwk, makePrivateKey } from '../../material/make-key.ts'
import type { CertificateMaterial, CertificateSpec } from '../../material/specs.ts'
import type {
  Authorities,
  CertificateVersion,
  OwnKeyVersion,
  SecretVersion,
  Version,
} from './stored-object.ts'

const dayMs = 24 * 60 * 60 * 1000
/** Like the service, for clients whose clocks are behind. */
const backdatedMs = 10 * 60 * 1000

export function newSecret(
  { value, contentType, ...data }: EmulatedSecret,
  now: Date,
): SecretVersion {
  const text = typeof value === 'string' ? value : randomValue(value.generate)
  return { ...attributes(data, now), contentType, content: { kind: 'text', value: text } }
}

export function newKey({ key, ...data }: KeyData, now: Date): OwnKeyVersion {
  return { ...attributes(data, now), key, jwk: lazy(() => makeJwk(key)), managed: false }
}

/** One set of authorities for all versions of a certificate, so that its root stays the same on a rotation. */
export function authoritiesOf(name: string): Authorities {
  const made = new Map<number, Promise<readonly IssuedCertificate[]>>()
  return (intermediates) => {
    const authorities = made.get(intermediates) ?? issueAuthorities(name, intermediates)
    made.set(intermediates, authorities)
    return authorities
  }
}

export function newCertificate(
  data: CertificateData,
  { authorities, now }: { readonly authorities: Authorities; readonly now: Date },
): CertificateVersion {
  const version = attributes(data, now)
  const { certificate } = data
  const validity =
    'certificates' in certificate
      ? validityOf(certificate.certificates[0])
      : validityFor(certificate, version)
  const material = lazy(async () =>
    'certificates' in certificate ? certificate : await make(certificate, validity, authorities),
  )
  const secretValue = lazy(async () => secretValueOf(data, await material()))
  return { ...version, ...validity, data, material, secretValue, authorities }
}

async function make(
  { subject, dnsNames, key, issuer }: CertificateSpec,
  validity: Validity,
  authorities: Authorities,
): Promise<CertificateMaterial> {
  const privateKey = await makePrivateKey(key)
  const signers = issuer === 'self' ? [] : await authorities(issuer.intermediates)
  const [authority] = signers
  const leaf = await issueVersion({ ...validity, subject, dnsNames, privateKey, authority })
  const shown = issuer === 'self' || issuer.root ? signers : signers.slice(0, -1)
  return { privateKey, certificates: [x509(leaf), ...shown.map(x509)] }
}

const x509 = ({ certificate }: IssuedCertificate) =>
  new X509Certificate(Buffer.from(certificate.rawData))

const validityOf = ({ validFromDate, validToDate }: X509Certificate): Validity => ({
  notBefore: validFromDate,
  expires: validToDate,
})

/** An `expires` in the past makes an expired certificate. */
function validityFor({ lifetimeDays }: CertificateSpec, { created, ...wanted }: Version): Validity {
  const lifetimeMs = lifetimeDays * dayMs
  const latestMs = Math.min(
    created.getTime() - backdatedMs,
    (wanted.expires?.getTime() ?? Number.POSITIVE_INFINITY) - lifetimeMs,
  )
  const notBefore = wanted.notBefore ?? new Date(latestMs)
  return { notBefore, expires: wanted.expires ?? new Date(notBefore.getTime() + lifetimeMs) }
}

function attributes(data: VersionData, now: Date): Version {
  const { version, created = now, enabled, tags, expires, notBefore } = data
  return {
    ...{ enabled, tags, expires, notBefore, created, updated: created },
    version: version ?? randomBytes(16).toString('hex'),
  }
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function randomValue(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}
