import 'reflect-metadata'
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { IssuedPem } from '../../certs/issue.ts'

export interface ClientOptions {
  readonly dnsNames?: readonly string[]
  readonly urls?: readonly string[]
  /** Default: in a day. */
  readonly notAfter?: Date
}

/** Issues a client certificate. */
export async function issueClientCertificate(
  authority: IssuedPem,
  commonName: string,
  options: ClientOptions = {},
): Promise<IssuedPem> {
  const { dnsNames = [], urls = [], notAfter = new Date(Date.now() + dayMs) } = options
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const signingKey = await crypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.keyPem),
    algorithm,
    false,
    ['sign'],
  )
  const names = [
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...urls.map((value) => ({ type: 'url' as const, value })),
  ]
  const { notBefore, subjectName } = new X509Certificate(authority.certificatePem)
  const certificate = await X509CertificateGenerator.create({
    subject: new Name([{ CN: [{ utf8String: commonName }] }]),
    issuer: subjectName,
    notBefore,
    notAfter,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: { ...algorithm, hash: 'SHA-256' },
    extensions: [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
  }
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const dayMs = 24 * 60 * 60 * 1000
