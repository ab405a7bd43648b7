/** Issues the vault file's certificates, and the authorities above them. */

// Must be loaded before @peculiar/x509, whose dependency injection uses it.
import 'reflect-metadata'
import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { distinguishedName, randomSerialNumber } from '../../certs/issue.ts'
import { makePrivateKey } from './make-key.ts'

/** A certificate and its private key. */
export interface IssuedCertificate {
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
}

export interface Validity {
  readonly notBefore: Date
  readonly expires: Date
}

interface LeafOptions extends Validity {
  readonly subject: string
  readonly dnsNames: readonly string[]
  readonly privateKey: KeyObject
  /** Absent: self-signed. */
  readonly authority?: IssuedCertificate | undefined
}

/** Authorities never expire, so that only a leaf can. */
const authorityValidity: Validity = {
  notBefore: new Date('2000-01-01T00:00:00Z'),
  expires: new Date('2199-12-31T23:59:59Z'),
}

/** Whether this is a distinguished name. The library turns an invalid one into an empty name. */
export function isSubject(found: string): boolean {
  try {
    return new Name(found).toString() !== ''
  } catch {
    return false
  }
}

/** Issues a root and this many intermediates. @returns the authority that signs leaves first, the root last */
export async function issueAuthorities(
  name: string,
  intermediates: number,
): Promise<readonly IssuedCertificate[]> {
  const authorities: IssuedCertificate[] = [await issueAuthority(`${name} root`)]
  for (let number = 1; number <= intermediates; number += 1)
    authorities.unshift(await issueAuthority(`${name} intermediate ${number}`, authorities[0]))
  return authorities
}

async function issueAuthority(
  commonName: string,
  signer?: IssuedCertificate,
): Promise<IssuedCertificate> {
  const privateKey = await makePrivateKey({ type: 'EC', curve: 'P-256' })
  return await issue({
    ...authorityValidity,
    subject: distinguishedName(commonName),
    privateKey,
    signer,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  })
}

/** Issues a certificate for servers and clients, as Key Vault does by default. */
export async function issueVersion({
  subject,
  dnsNames,
  authority,
  ...rest
}: LeafOptions): Promise<IssuedCertificate> {
  const usage =
    rest.privateKey.asymmetricKeyType === 'rsa'
      ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
      : KeyUsageFlags.digitalSignature
  const names = dnsNames.map((value) => ({ type: 'dns' as const, value }))
  return await issue({
    ...rest,
    subject: new Name(subject),
    signer: authority,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(usage, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  })
}

interface IssueOptions extends Validity {
  readonly subject: Name
  readonly privateKey: KeyObject
  readonly signer: IssuedCertificate | undefined
  readonly extensions: readonly Extension[]
}

async function issue({
  subject,
  privateKey,
  signer,
  ...rest
}: IssueOptions): Promise<IssuedCertificate> {
  const algorithm = algorithmOf(privateKey)
  const publicKey = createPublicKey(privateKey).toCryptoKey(algorithm, true, ['verify'])
  const signingKey = signer?.privateKey ?? privateKey
  const signingAlgorithm = algorithmOf(signingKey)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: randomSerialNumber(),
    notBefore: rest.notBefore,
    notAfter: rest.expires,
    subject,
    issuer: signer?.certificate.subjectName ?? subject,
    publicKey,
    signingAlgorithm,
    signingKey: signingKey.toCryptoKey(signingAlgorithm, false, ['sign']),
    extensions: [
      ...rest.extensions,
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(signer?.certificate.publicKey ?? publicKey),
    ],
  })
  return { certificate, privateKey }
}

/** By OpenSSL's names of the curves. Each digest matches the strength of its curve (RFC 5480, 4). */
const curves: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
}

function algorithmOf({ asymmetricKeyDetails }: KeyObject) {
  const curve = curves[asymmetricKeyDetails?.namedCurve ?? '']
  return curve === undefined
    ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
    : { name: 'ECDSA', ...curve }
}
