import type { Bundle, CertificateFacts, Inspected, Leaf } from './inspect.ts'
import { leafLifetimeDays } from './names.ts'

/** The next thing to do. After doing it, read everything again. */
export type Step =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'missing'; readonly what: 'authority' | 'leaf' | 'configuration' }
  | { readonly kind: 'publish'; readonly bundle: string; readonly changes: BundleChanges }
  | { readonly kind: 'issue-authority'; readonly reason: string }
  | { readonly kind: 'issue-leaf'; readonly reason: string }

interface BundleChanges {
  readonly added: number
  readonly dropped: number
}

export interface PlanOptions extends Inspected {
  /** In ms since the epoch, by the API server's clock: the API server verifies the certificate. */
  readonly now: number
  /** For how long the authority in use has been seen in `caBundle` without a gap; 0 for just now. */
  readonly publishedForMs: number
  /** How long an authority must have been published before a leaf of its own may be served. */
  readonly publishAheadMs: number
}

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
/** Keeps the bundle small enough to write, even if somebody keeps emptying the authority's Secret. */
const maxCertificates = 30

/**
 * Decides what to do next. At every moment, `caBundle` of every entry must verify the certificate that the webhook serves:
 *
 * 1. Publish the authority in use, and the authorities that verify the leaf, before one of them is overwritten.
 * 2. Only then issue a new authority. Step 1 publishes it next to the old one.
 * 3. Once it has been published for long enough that every API server knows it, issue a leaf with it.
 */
export function plan(options: PlanOptions): Step {
  const { authority, leaf, bundle } = options
  if (bundle === undefined) return { kind: 'missing', what: 'configuration' }

  const wanted = wantedCertificates(options)
  const text = wanted.map(({ pem }) => pem).join('')
  if (wanted.length > 0 && bundle.texts.some((published) => published !== text))
    return { kind: 'publish', bundle: text, changes: changesTo(bundle, wanted) }

  if (authority.kind === 'missing') return { kind: 'missing', what: 'authority' }
  if (authority.kind === 'unusable') return { kind: 'issue-authority', reason: authority.reason }
  const inUse = authority.value
  const authorityReason = dueReason(inUse, options.now)
  if (authorityReason !== undefined) return { kind: 'issue-authority', reason: authorityReason }

  if (leaf.kind === 'missing') return { kind: 'missing', what: 'leaf' }
  const reason = leaf.kind === 'unusable' ? leaf.reason : leafReason(leaf.value, inUse, options.now)
  if (reason === undefined) return { kind: 'nothing' }

  // On a first install no valid CA is published yet. No certificate verifies until one is, so waiting would gain nothing.
  const isAlone = wanted.every(({ pem, notAfter }) => pem === inUse.pem || notAfter <= options.now)
  const forMs = isAlone ? 0 : options.publishAheadMs - options.publishedForMs
  return forMs > 0 ? { kind: 'wait', forMs } : { kind: 'issue-leaf', reason }
}

/**
 * The authority in use, the authorities that verify the leaf, then all others, newest first. All entries get the same,
 * because the same pods answer them. What any entry has counts: an entry that was just added has no certificates yet.
 */
function wantedCertificates(options: PlanOptions): readonly CertificateFacts[] {
  const { authority, leaf, bundle, now } = options
  const inUse =
    authority.kind === 'usable' && now < authority.value.notAfter ? authority.value : undefined
  const held = leaf.kind === 'usable' ? leaf.value : undefined
  const others = [...(bundle?.inAnyEntry ?? [])]
    .filter((certificate) => isStillNeeded({ certificate, inUse, held, now }))
    .sort((a, b) => b.notBefore - a.notBefore)
  const all = [...(inUse ? [inUse] : []), ...(held?.signers ?? []), ...others]
  return [...new Map(all.map((facts) => [facts.pem, facts])).values()].slice(0, maxCertificates)
}

/**
 * Whether pods may still serve a leaf that this certificate verifies. The last leaf of an old authority was issued before
 * the authority in use, and is valid for 30 days. A certificate that isn't ours stays until every pod serves a leaf of
 * ours; then it is dropped.
 */
function isStillNeeded(options: {
  readonly certificate: CertificateFacts
  readonly inUse: CertificateFacts | undefined
  readonly held: Leaf | undefined
  readonly now: number
}): boolean {
  const { certificate, inUse, held, now } = options
  if (now > certificate.notAfter + dayMs) return false
  if (!inUse || !held || !isSignedBy(held, inUse) || now < held.notBefore + hourMs) return true
  return certificate.isOurs && now < inUse.notBefore + (leafLifetimeDays + 1) * dayMs
}

function leafReason(leaf: Leaf, authority: CertificateFacts, now: number): string | undefined {
  if (!isSignedBy(leaf, authority)) return 'holds a certificate that another CA signed'
  return dueReason(leaf, now)
}

/**
 * Certificates are renewed after two thirds of their lifetime, so there is time to notice if renewal fails. The comparisons
 * are negated so that an unreadable time (NaN) means that the certificate is due.
 */
function dueReason({ notBefore, notAfter }: CertificateFacts, now: number): string | undefined {
  if (!(now >= notBefore)) return 'holds a certificate that is not valid yet'
  if (!(now < notBefore + ((notAfter - notBefore) * 2) / 3))
    return 'holds a certificate that is past two thirds of its lifetime'
  return undefined
}

const isSignedBy = (leaf: Leaf, authority: CertificateFacts) =>
  leaf.signers.some(({ pem }) => pem === authority.pem)

/** Counts a certificate as added if any entry lacked it, and as dropped if any entry had it. */
function changesTo(before: Bundle, after: readonly CertificateFacts[]): BundleChanges {
  const missingFrom = (list: readonly CertificateFacts[]) => (certificate: CertificateFacts) =>
    !list.some(({ pem }) => pem === certificate.pem)
  return {
    added: after.filter(missingFrom(before.inEveryEntry)).length,
    dropped: before.inAnyEntry.filter(missingFrom(after)).length,
  }
}
