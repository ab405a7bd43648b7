import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import { tlsOptions } from '../server/webhook-server.ts'

/** A certificate (the leaf first, then intermediates) and its private key, both PEM. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** A pair that was checked, and its period of validity. */
export interface ServingCertificate extends TlsFiles {
  readonly notBefore: Date
  readonly notAfter: Date
}

/** Checks a pair before a server uses it: with a wrong pair, a server can't answer anybody. */
export function readServingCertificate({ cert, key }: TlsFiles): Parsed<ServingCertificate> {
  try {
    const leaf = new X509Certificate(cert)
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      return invalid("tls.key doesn't match the certificate in tls.crt")
    createSecureContext({ ...tlsOptions, cert, key })
    return valid({
      cert,
      key,
      notBefore: new Date(leaf.validFrom),
      notAfter: new Date(leaf.validTo),
    })
  } catch (error) {
    // OpenSSL's messages name the kind of error ("no start line"), never the file's content.
    const reason = reasonOf(error)
    return invalid(`tls.crt and tls.key must be a certificate and a key in PEM format: ${reason}`)
  }
}

/** The reason why clients would reject the certificate now, or undefined. */
export function validityProblem(certificate: ServingCertificate, now: Date): string | undefined {
  if (now > certificate.notAfter)
    return `the serving certificate expired at ${certificate.notAfter.toISOString()}`
  if (now < certificate.notBefore)
    return `the serving certificate is not valid before ${certificate.notBefore.toISOString()}`
  return undefined
}
