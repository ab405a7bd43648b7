import { X509Certificate } from 'node:crypto'

/** As Go's TLS client does it, in the API server: names, times, and one of the anchors. */
export function verifies(options: {
  readonly dnsName: string
  readonly leaf: X509Certificate
  readonly bundle: string
  readonly now: number
}): boolean {
  const { dnsName, leaf, bundle, now } = options
  if (leaf.checkHost(dnsName) === undefined || !isValid(leaf, now)) return false
  return (bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).some(
    (pem) => isValid(parse(pem), now) && isSigned(leaf, pem),
  )
}

/** The same few certificates are asked for at every step. */
const parsed = new Map<string, X509Certificate>()
function parse(pem: string): X509Certificate {
  const certificate = parsed.get(pem) ?? new X509Certificate(pem)
  parsed.set(pem, certificate)
  return certificate
}

const signed = new WeakMap<X509Certificate, Map<string, boolean>>()
function isSigned(leaf: X509Certificate, anchorPem: string): boolean {
  const answers = signed.get(leaf) ?? new Map<string, boolean>()
  signed.set(leaf, answers)
  const anchor = parse(anchorPem)
  const answer =
    answers.get(anchorPem) ?? (leaf.checkIssued(anchor) && leaf.verify(anchor.publicKey))
  answers.set(anchorPem, answer)
  return answer
}

const isValid = ({ validFromDate, validToDate }: X509Certificate, now: number) =>
  validFromDate.getTime() <= now && now <= validToDate.getTime()
