import { createPrivateKey, X509Certificate } from 'node:crypto'
import { authorityName } from './names.ts'

/** A certificate as {@link plan} sees it. Times in ms since the epoch. */
export interface Certificate {
  /** In the one form that OpenSSL writes: the same text is the same certificate. */
  readonly pem: string
  readonly notBefore: number
  readonly notAfter: number
  /** An authority that this program made, whether or not it is the one in use. */
  readonly isOurs: boolean
}

export interface Leaf extends Certificate {
  /** Those of the known authorities that it verifies against. */
  readonly signers: readonly Certificate[]
}

/** What a Secret holds. `unusable` tells why in half a sentence. */
export type Held<T> =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'usable'; readonly value: T }

export interface Inspected {
  readonly authority: Held<Certificate>
  readonly leaf: Held<Leaf>
  /** Undefined where there is no webhook configuration. */
  readonly bundle: Bundle | undefined
}

export interface Bundle {
  readonly text: string
  /** The authorities in it; whatever else the text holds verifies nothing. */
  readonly certificates: readonly Certificate[]
}

/** Keys of a Secret and their text. Undefined: there is no such Secret. */
export type SecretTexts = Readonly<Record<string, string>> | undefined

export interface InspectOptions {
  readonly authority: SecretTexts
  readonly leaf: SecretTexts
  /** The PEM of `caBundle`. Undefined: there is no webhook configuration. */
  readonly bundle: string | undefined
  /** What the API server verifies: `<service>.<namespace>.svc`. */
  readonly dnsName: string
}

/** Makes facts of what the cluster holds, whatever that is: anything may have been edited, emptied or garbled. */
export function inspect({ authority, leaf, bundle, dnsName }: InspectOptions): Inspected {
  const published = authoritiesIn(bundle ?? '')
  const held = inspectAuthority(authority)
  // The leaf's Secret carries its signer too: where all else is lost, the leaf can still be verified.
  const known = [
    ...(held.kind === 'usable' ? [held.value] : []),
    ...published,
    ...authoritiesIn(leaf?.['ca.crt'] ?? ''),
  ]
  return {
    authority: held.kind === 'usable' ? { kind: 'usable', value: facts(held.value) } : held,
    leaf: inspectLeaf({ texts: leaf, known, dnsName }),
    bundle: bundle === undefined ? undefined : { text: bundle, certificates: published.map(facts) },
  }
}

function inspectAuthority(texts: SecretTexts): Held<X509Certificate> {
  const pair = readPair(texts)
  if (pair.kind !== 'usable') return pair
  const { publicKey } = pair.value
  if (!isAuthority(pair.value) || !isOurs(pair.value))
    return { kind: 'unusable', reason: 'holds something else than an authority of ours' }
  if (publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    return { kind: 'unusable', reason: 'holds an authority whose key is not one on P-256' }
  return pair
}

function inspectLeaf(options: {
  readonly texts: SecretTexts
  readonly known: readonly X509Certificate[]
  readonly dnsName: string
}): Held<Leaf> {
  const pair = readPair(options.texts)
  if (pair.kind !== 'usable') return pair
  const leaf = pair.value
  if (leaf.checkHost(options.dnsName, { subject: 'never' }) === undefined)
    return { kind: 'unusable', reason: `holds a certificate that is not for ${options.dnsName}` }
  const signers = options.known.filter((one) => isSignedBy(leaf, one)).map(facts)
  return { kind: 'usable', value: { ...facts(leaf), signers } }
}

function readPair(texts: SecretTexts): Held<X509Certificate> {
  if (texts === undefined) return { kind: 'missing' }
  const { 'tls.crt': certificatePem = '', 'tls.key': keyPem = '' } = texts
  if (certificatePem === '' && keyPem === '') return { kind: 'unusable', reason: 'is empty' }
  try {
    const certificate = new X509Certificate(certificatePem)
    if (certificate.checkPrivateKey(createPrivateKey(keyPem)))
      return { kind: 'usable', value: certificate }
    return { kind: 'unusable', reason: 'holds a certificate and the key of another' }
  } catch {
    return { kind: 'unusable', reason: 'holds no certificate with its key in PEM' }
  }
}

/** Base64 has no hyphens, which keeps the search linear, however many beginnings without an end there are. */
const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

function authoritiesIn(text: string): X509Certificate[] {
  return (text.match(certificatePattern) ?? []).flatMap((pem) => {
    try {
      const certificate = new X509Certificate(pem)
      return isAuthority(certificate) ? certificate : []
    } catch {
      return []
    }
  })
}

/** Self-signed, as it has to be an anchor by itself. */
const isAuthority = (certificate: X509Certificate) =>
  certificate.ca && isSignedBy(certificate, certificate)

const isOurs = ({ subject }: X509Certificate) => subject === `CN=${authorityName}`

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // A kind of key that OpenSSL doesn't know verifies nothing.
    return false
  }
}

const facts = (certificate: X509Certificate): Certificate => ({
  pem: certificate.toString(),
  notBefore: certificate.validFromDate.getTime(),
  notAfter: certificate.validToDate.getTime(),
  isOurs: isOurs(certificate),
})
