import type { Certificate, Inspected, Leaf } from './inspect.ts'
import { leafLifetimeDays } from './names.ts'

/** The one thing to do next. After it, look again. */
export type Step =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wait'; readonly forMs: number }
  | { readonly kind: 'missing'; readonly what: 'authority' | 'leaf' | 'configuration' }
  | { readonly kind: 'publish'; readonly bundle: string; readonly changes: BundleChanges }
  | { readonly kind: 'issue-authority'; readonly reason: string }
  | { readonly kind: 'issue-leaf'; readonly reason: string }

export interface BundleChanges {
  readonly added: number
  readonly dropped: number
}

export interface PlanOptions extends Inspected {
  /** By the API server's clock, which is the one that verifies. Ms since the epoch. */
  readonly now: number
  /** For how long the authority in use has been seen in `caBundle` without a gap; 0 for just now. */
  readonly publishedForMs: number
  /** How long an authority must have been published before a leaf of its own may be served. */
  readonly publishAheadMs: number
}

const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
/** A bundle must stay small enough to be written, even if somebody empties the authority's Secret all the time. */
const maxCertificates = 30

/**
 * Decides what to do next, so that at every moment what the webhook serves verifies against what is published:
 *
 * 1. Publish what verifies the leaf, and the authority in use, before anything that verifies is overwritten.
 * 2. Only then make a new authority; it goes round by 1, beside the old one.
 * 3. Only when it has been published for long enough, issue a leaf by it: every API server knows it by then.
 */
export function plan(options: PlanOptions): Step {
  const { authority, leaf, bundle } = options
  if (bundle === undefined) return { kind: 'missing', what: 'configuration' }

  const wanted = wantedCertificates(options)
  const text = wanted.map(({ pem }) => pem).join('')
  if (wanted.length > 0 && text !== bundle.text)
    return { kind: 'publish', bundle: text, changes: changesTo(bundle.certificates, wanted) }

  if (authority.kind === 'missing') return { kind: 'missing', what: 'authority' }
  if (authority.kind === 'unusable') return { kind: 'issue-authority', reason: authority.reason }
  const inUse = authority.value
  const authorityReason = dueReason(inUse, options.now)
  if (authorityReason !== undefined) return { kind: 'issue-authority', reason: authorityReason }

  if (leaf.kind === 'missing') return { kind: 'missing', what: 'leaf' }
  const reason = leaf.kind === 'unusable' ? leaf.reason : leafReason(leaf.value, inUse, options.now)
  if (reason === undefined) return { kind: 'nothing' }

  // Where nothing else that is valid is published, nothing that is served verifies: a first install needn't wait.
  const isAlone = wanted.every(({ pem, notAfter }) => pem === inUse.pem || notAfter <= options.now)
  const forMs = isAlone ? 0 : options.publishAheadMs - options.publishedForMs
  return forMs > 0 ? { kind: 'wait', forMs } : { kind: 'issue-leaf', reason }
}

/** The authority in use, what verifies the leaf, then the rest, the newest first. */
function wantedCertificates(options: PlanOptions): readonly Certificate[] {
  const { authority, leaf, bundle, now } = options
  const inUse =
    authority.kind === 'usable' && now < authority.value.notAfter ? authority.value : undefined
  const held = leaf.kind === 'usable' ? leaf.value : undefined
  const others = [...(bundle?.certificates ?? [])]
    .filter((certificate) => isStillNeeded({ certificate, inUse, held, now }))
    .sort((a, b) => b.notBefore - a.notBefore)
  const all = [...(inUse ? [inUse] : []), ...(held?.signers ?? []), ...others]
  return [...new Map(all.map((one) => [one.pem, one])).values()].slice(0, maxCertificates)
}

/**
 * Whether pods may be serving a leaf that this verifies. The last one of an old authority was made before the
 * authority in use was, and lives 30 days. A certificate of somebody else's stays until a leaf of ours has surely
 * replaced what it verifies, in all pods; then it goes, as nothing of ours needs it.
 */
function isStillNeeded(options: {
  readonly certificate: Certificate
  readonly inUse: Certificate | undefined
  readonly held: Leaf | undefined
  readonly now: number
}): boolean {
  const { certificate, inUse, held, now } = options
  if (now > certificate.notAfter + dayMs) return false
  if (!inUse || !held || !isSignedBy(held, inUse) || now < held.notBefore + hourMs) return true
  return certificate.isOurs && now < inUse.notBefore + (leafLifetimeDays + 1) * dayMs
}

function leafReason(leaf: Leaf, authority: Certificate, now: number): string | undefined {
  if (!isSignedBy(leaf, authority)) return 'holds a certificate of another authority'
  return dueReason(leaf, now)
}

/** Two thirds of its life leave time to notice that nobody renews it. A time that can't be read (NaN) is never in time. */
function dueReason({ notBefore, notAfter }: Certificate, now: number): string | undefined {
  if (!(now >= notBefore)) return 'holds a certificate that is not valid yet'
  if (!(now < notBefore + ((notAfter - notBefore) * 2) / 3))
    return 'holds a certificate that is past two thirds of its life'
  return undefined
}

const isSignedBy = (leaf: Leaf, authority: Certificate) =>
  leaf.signers.some(({ pem }) => pem === authority.pem)

function changesTo(before: readonly Certificate[], after: readonly Certificate[]): BundleChanges {
  const missingFrom = (list: readonly Certificate[]) => (one: Certificate) =>
    !list.some(({ pem }) => pem === one.pem)
  return {
    added: after.filter(missingFrom(before)).length,
    dropped: before.filter(missingFrom(after)).length,
  }
}
