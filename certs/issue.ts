/**
 * Issues certificates: an authority, and leaves that it signs. Pure except for WebCrypto: the time is an argument, and nothing
 * is stored.
 */

// @peculiar/x509 needs this import before its own.
import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

export interface IssuedPem {
  readonly certificatePem: string
  /** PKCS#8 */
  readonly keyPem: string
}

/** A server's certificate, and that of the authority to trust. */
export interface ServerPem extends IssuedPem {
  readonly caPem: string
}

interface AuthorityOptions {
  readonly commonName: string
  readonly now: Date
  readonly lifetimeDays: number
}

export interface LeafOptions extends AuthorityOptions {
  readonly authority: IssuedPem
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
}

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' }

const dayMs = 24 * 60 * 60 * 1000
/** A new certificate is often used within a second, by machines whose clocks are behind. */
const clockSkewMs = 5 * 60 * 1000

/** Issues a self-signed authority that may sign leaves, but no further authority. */
export async function issueAuthority(options: AuthorityOptions): Promise<IssuedPem> {
  const keys = await generateKeyPair()
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...common(options),
    name: distinguishedName(options.commonName),
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return issued(certificate, keys)
}

/**
 * Issues a server certificate. Clients check only `dnsNames` and `ipAddresses` (RFC 9525); the common name is for people.
 * The certificate doesn't outlive its authority, because its chain would no longer verify.
 *
 * @throws Error if the authority's PEM isn't valid, or if there is neither a DNS name nor an IP address
 */
export async function issueLeaf(options: LeafOptions): Promise<IssuedPem> {
  if (options.dnsNames.length + options.ipAddresses.length === 0)
    throw new Error(
      'a leaf certificate needs a DNS name or an IP address: clients check nothing else',
    )
  const authority = new X509Certificate(options.authority.certificatePem)
  const signingKey = await importSigningKey(options.authority.keyPem)
  const keys = await generateKeyPair()
  const base = common(options)
  const certificate = await X509CertificateGenerator.create({
    ...base,
    notAfter: new Date(Math.min(base.notAfter.getTime(), authority.notAfter.getTime())),
    subject: distinguishedName(options.commonName),
    issuer: authority.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    extensions: await leafExtensions(options, authority, keys),
  })
  return issued(certificate, keys)
}

/** Issues a server certificate with an authority of its own, whose key isn't kept. */
export async function issueServerPem(
  authorityName: string,
  options: Omit<LeafOptions, 'authority'>,
): Promise<ServerPem> {
  const authority = await issueAuthority({ ...options, commonName: authorityName })
  return { ...(await issueLeaf({ ...options, authority })), caPem: authority.certificatePem }
}

async function leafExtensions(
  { dnsNames, ipAddresses }: LeafOptions,
  authority: X509Certificate,
  keys: KeyPair,
): Promise<Extension[]> {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension([
      ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
      ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
    ]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(authority.publicKey),
  ]
}

function common({ now, lifetimeDays }: AuthorityOptions) {
  return {
    serialNumber: randomSerialNumber(),
    notBefore: new Date(now.getTime() - clockSkewMs),
    notAfter: new Date(now.getTime() + lifetimeDays * dayMs),
    signingAlgorithm,
  }
}

/** Built as a structure, because in text a comma, a quote or a leading # has a meaning. */
export const distinguishedName = (commonName: string): Name =>
  new Name([{ CN: [{ utf8String: commonName }] }])

const generateKeyPair = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

const importSigningKey = (keyPem: string) =>
  crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(keyPem), algorithm, false, ['sign'])

/** RFC 5280, 4.1.2.2: positive, and at most 20 octets. */
export const randomSerialNumber = (): string => `40${randomBytes(19).toString('hex')}`

async function issued(certificate: X509Certificate, { privateKey }: KeyPair): Promise<IssuedPem> {
  const key = await crypto.subtle.exportKey('pkcs8', privateKey)
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
  }
}
