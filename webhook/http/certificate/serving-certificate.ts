import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Parsed } from '../../../lib/parsed.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { tlsOptions } from '../webhook-server.ts'

/** A certificate (the leaf first, then intermediates) and its private key, both PEM. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

export interface ServingCertificate extends TlsFiles {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** Checks a pair before a server is given it: a server that has taken a wrong one answers nobody any more. */
export function readServingCertificate({ cert, key }: TlsFiles): Parsed<ServingCertificate> {
  try {
    const leaf = new X509Certificate(cert)
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      return { problem: 'tls.key is not the key of the certificate in tls.crt' }
    createSecureContext({ ...tlsOptions, cert, key })
    return {
      value: { cert, key, notBefore: new Date(leaf.validFrom), notAfter: new Date(leaf.validTo) },
    }
  } catch (error) {
    // OpenSSL names the file's kind of error ("no start line"), never its content.
    const reason = reasonOf(error)
    return { problem: `tls.crt and tls.key are not a certificate and a key in PEM: ${reason}` }
  }
}

/** Why nobody would accept the certificate now, or undefined. */
export function validityProblem(certificate: ServingCertificate, now: Date): string | undefined {
  if (now > certificate.notAfter)
    return `the serving certificate expired at ${certificate.notAfter.toISOString()}`
  if (now < certificate.notBefore)
    return `the serving certificate is not valid before ${certificate.notBefore.toISOString()}`
  return undefined
}
