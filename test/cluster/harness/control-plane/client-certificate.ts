import 'reflect-metadata'
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Name,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { Issued } from '../../../../certs/issue.ts'

/** Issues a client certificate that is valid for a day. */
export async function issueClientCertificate(
  authority: Issued,
  commonName: string,
): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const signingKey = await crypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.keyPem),
    algorithm,
    false,
    ['sign'],
  )
  const { notBefore, subjectName } = new X509Certificate(authority.certificatePem)
  const certificate = await X509CertificateGenerator.create({
    subject: new Name([{ CN: [{ utf8String: commonName }] }]),
    issuer: subjectName,
    notBefore,
    notAfter: new Date(Date.now() + dayMs),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: { ...algorithm, hash: 'SHA-256' },
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    keyPem: `${PemConverter.encode(key, PemConverter.PrivateKeyTag)}\n`,
  }
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
const dayMs = 24 * 60 * 60 * 1000
