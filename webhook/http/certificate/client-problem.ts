import type { X509Certificate } from 'node:crypto'
import { printable } from '../../../lib/printable.ts'

/** What TLS found out about a client. */
interface Client {
  /** Absent: it sent none. */
  readonly certificate?: X509Certificate | undefined
  /** Why OpenSSL refuses the certificate, such as `CERT_HAS_EXPIRED`. */
  readonly error?: string | undefined
}

/**
 * Says why a client isn't accepted, or gives undefined.
 *
 * @param names - accepted common names and DNS names; an empty list accepts any
 */
export function clientProblem(
  { certificate, error }: Client,
  { names, now }: { readonly names: readonly string[]; readonly now: Date },
): string | undefined {
  // An absent error isn't enough: Node 20 has none for a resumed session of TLS 1.3 without a certificate.
  if (certificate === undefined) return `found no client certificate; ${expected}`
  const reason = error ?? (now > new Date(certificate.validTo) ? 'CERT_HAS_EXPIRED' : undefined)
  if (reason !== undefined)
    return `found the client certificate of ${namesOf(certificate)}, which can't be verified (${reason}); ${expected}`
  if (names.length === 0 || names.some((name) => hasName(certificate, name))) return undefined
  const accepted = names.map((name) => `"${printable(name)}"`).join(', ')
  return `found the client certificate of ${namesOf(certificate)}; AKV_INJECTOR_CLIENT_NAMES accepts ${printable(accepted, 500)} as its common name or a DNS name`
}

/** OpenSSL compares DNS names itself. A name that begins with a dot would match each name below it. */
const hasName = (certificate: X509Certificate, name: string): boolean =>
  commonNames(certificate).includes(name) ||
  (!name.startsWith('.') &&
    certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined)

/** A subject can have several. The types of Node know only one. */
function commonNames(certificate: X509Certificate): readonly string[] {
  const { CN = [] }: { readonly CN?: string | readonly string[] } =
    certificate.toLegacyObject().subject ?? {}
  return [CN].flat()
}

function namesOf(certificate: X509Certificate): string {
  const common = commonNames(certificate).map((name) => `CN=${name}`)
  const alternative = certificate.subjectAltName ? [certificate.subjectAltName] : []
  return `"${printable([...common, ...alternative].join(', '), 160)}"`
}

const expected =
  'expected a valid one for client authentication, from an authority in AKV_INJECTOR_CLIENT_CA_FILE. docs/install.md, "Client certificates", says how to configure an API server'
