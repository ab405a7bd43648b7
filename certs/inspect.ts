import { createPrivateKey, X509Certificate } from 'node:crypto'
import { certificateBlocks, parseCertificate } from '../lib/certificates.ts'
import { authorityName } from './names.ts'

/** What {@link plan} needs to know of a certificate. Times are in ms since the epoch. */
export interface CertificateFacts {
  /** As OpenSSL writes it, so that two certificates are equal if their texts are. */
  readonly pem: string
  readonly notBefore: number
  readonly notAfter: number
  /** Whether this controller issued it as an authority, in use or not. */
  readonly isOurs: boolean
}

export interface Leaf extends CertificateFacts {
  /** The known authorities that verify it. */
  readonly signers: readonly CertificateFacts[]
}

/** The contents of a Secret. `reason` completes the sentence "the Secret …". */
export type Held<T> =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'usable'; readonly value: T }

export interface Inspected {
  readonly authority: Held<CertificateFacts>
  readonly leaf: Held<Leaf>
  /** Undefined if no webhook configuration has an entry that calls our Service. */
  readonly bundle: Bundle | undefined
}

/** `caBundle` of all entries of the webhook configuration that call our Service. */
export interface Bundle {
  /** The text of each entry. */
  readonly texts: readonly string[]
  /** The authorities in the texts. Anything else in them verifies nothing. */
  readonly inAnyEntry: readonly CertificateFacts[]
  readonly inEveryEntry: readonly CertificateFacts[]
}

/** The data of a Secret, by key. Undefined if the Secret doesn't exist. */
export type SecretTexts = Readonly<Record<string, string>> | undefined

interface InspectOptions {
  readonly authority: SecretTexts
  readonly leaf: SecretTexts
  /** `caBundle` of each entry as PEM. Undefined if the webhook configuration doesn't exist. */
  readonly bundles: readonly string[] | undefined
  /** The name that the API server verifies: `<service>.<namespace>.svc`. */
  readonly dnsName: string
}

/** Reads the facts from the three objects. Never throws: anybody may have edited, emptied or garbled them. */
export function inspect({ authority, leaf, bundles, dnsName }: InspectOptions): Inspected {
  const published = bundles?.map((text) => ({ text, authorities: authoritiesIn(text) }))
  const held = inspectAuthority(authority)
  // The leaf's Secret holds its authority, too, so the leaf can be verified even if the other two objects are lost.
  const known = [
    ...(held.kind === 'usable' ? [held.value] : []),
    ...(published ?? []).flatMap(({ authorities }) => authorities),
    ...authoritiesIn(leaf?.['ca.crt'] ?? ''),
  ]
  return {
    authority: held.kind === 'usable' ? { kind: 'usable', value: facts(held.value) } : held,
    leaf: inspectLeaf({ texts: leaf, known, dnsName }),
    bundle: published && inspectBundles(published),
  }
}

interface PublishedEntry {
  readonly text: string
  readonly authorities: readonly X509Certificate[]
}

function inspectBundles(published: readonly PublishedEntry[]): Bundle {
  const entries = published.map(({ authorities }) => authorities.map(facts))
  const inAnyEntry = [...new Map(entries.flat().map((facts) => [facts.pem, facts])).values()]
  const inEveryEntry = inAnyEntry.filter(({ pem }) =>
    entries.every((entry) => entry.some((certificate) => certificate.pem === pem)),
  )
  return { texts: published.map(({ text }) => text), inAnyEntry, inEveryEntry }
}

function inspectAuthority(texts: SecretTexts): Held<X509Certificate> {
  const pair = readPair(texts)
  if (pair.kind !== 'usable') return pair
  const { publicKey } = pair.value
  if (!isAuthority(pair.value) || !isOurs(pair.value))
    return {
      kind: 'unusable',
      reason: 'holds a certificate that is not a CA issued by this controller',
    }
  if (publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    return { kind: 'unusable', reason: 'holds a CA whose key is not on the curve P-256' }
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
  const signers = options.known.filter((authority) => isSignedBy(leaf, authority)).map(facts)
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
    return { kind: 'unusable', reason: 'holds a certificate and a key that do not match' }
  } catch {
    return { kind: 'unusable', reason: "doesn't hold a certificate and its key in PEM" }
  }
}

const authoritiesIn = (text: string): readonly X509Certificate[] =>
  certificateBlocks(text)
    .flatMap((pem) => parseCertificate(pem) ?? [])
    .filter(isAuthority)

/** An authority has to be self-signed, because it is a trust anchor. */
const isAuthority = (certificate: X509Certificate) =>
  certificate.ca && isSignedBy(certificate, certificate)

const isOurs = ({ subject }: X509Certificate) => subject === `CN=${authorityName}`

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    // OpenSSL doesn't know this type of key.
    return false
  }
}

const facts = (certificate: X509Certificate): CertificateFacts => ({
  pem: certificate.toString(),
  notBefore: certificate.validFromDate.getTime(),
  notAfter: certificate.validToDate.getTime(),
  isOurs: isOurs(certificate),
})
