import { createPrivateKey, X509Certificate } from 'node:crypto'
import { issueAuthority, issueLeaf } from '../../../certs/issue.ts'
import { createReconciler } from '../../../certs/reconcile.ts'
import { type MemoryCluster, memoryCluster, type Texts, twoEntries } from './memory-cluster.ts'

export const dnsName = 'akv-injector-webhook.akv-injector.svc'
/** Longer than it takes to publish, to wait, to issue and to mount. */
export const settleMs = 10 * 60_000

const start = Date.parse('2026-06-01T12:00:00Z')
const foreign = await issueAuthority({
  commonName: 'somebody else',
  now: new Date(start),
  lifetimeDays: 3650,
})

/** A cluster over time: a controller that reconciles each minute, pods that get Secrets late, API servers that lag. */
export interface SimulatedCluster {
  readonly cluster: MemoryCluster
  /** The kinds of all changes so far. */
  readonly changes: string[]
  /** What happened, for messages. */
  readonly told: string[]
  readonly foreignPem: string
  /** What the authority's Secret held first. */
  readonly backup: Texts | undefined
  /** `caBundle` of the entry that every install has. */
  readonly bundle: string
  /** Writes `caBundle` of these entries, by default of all. */
  editBundle(text: string, entries?: readonly string[]): void
  /** Adds an entry without `caBundle`, as an upgrade does, if it isn't there. */
  addEntry(name: string): void
  removeEntry(name: string): void
  restartController(options?: { readonly isSecond: boolean }): void
  restartPod(): void
  foreignLeaf(): Promise<{ readonly leaf: Texts; readonly authorityPem: string }>
  pass(ms: number): Promise<void>
  /** What would have failed to verify, with the time. */
  problems(): readonly string[]
  forget(): void
  servedBy(): readonly ('ok' | 'fails' | 'nothing')[]
}

interface Pod {
  served: X509Certificate | undefined
  /** The Secret's state that it has seen last, and the one that is on its way. */
  seen: Texts | undefined
  coming: { readonly texts: Texts | undefined; readonly atMs: number } | undefined
}

const stepMs = 15_000
/** How old the `caBundle` that an API server uses may be. */
const lagsMs = [0, 20_000, 50_000]

/** @param delays - after how many seconds a kubelet hands out a changed Secret, one after the other */
export function simulateCluster(delays: Iterator<number> = [].values()): SimulatedCluster {
  let now = start
  let problems: string[] = []

  let controllers: (() => Promise<unknown>)[] = []
  let backup: Texts | undefined
  const changes: string[] = []
  const told: string[] = []
  const cluster = memoryCluster(() => now)
  const published = new Map<string, { readonly atMs: number; readonly text: string }[]>()
  const pods: Pod[] = [newPod(), newPod()]

  function restartController({ isSecond } = { isSecond: false }): void {
    const reconcile = createReconciler({
      cluster,
      dnsName,
      publishAheadMs: 60_000,
      elapsedMs: () => now,
      onChange: ({ kind }) => changes.push(kind),
    })
    controllers = isSecond ? [...controllers.slice(-1), reconcile] : [reconcile]
  }

  async function reconcileAll(): Promise<void> {
    for (const reconcile of controllers) await reconcile().catch(() => undefined)
    backup ??= cluster.authority?.['tls.crt'] ? cluster.authority : undefined
    noteBundles()
  }

  function noteBundles(): void {
    for (const name of published.keys())
      if (cluster.bundles?.[name] === undefined) published.delete(name)
    for (const [name, text] of Object.entries(cluster.bundles ?? {})) {
      const texts = published.get(name) ?? []
      if (texts.at(-1)?.text !== text && (text !== '' || texts.length > 0))
        texts.push({ atMs: now, text })
      published.set(name, texts)
    }
  }

  /** What the API servers may use now: of each entry one text for each lag. */
  const usedBundles = () =>
    [...published].flatMap(([name, texts]) =>
      lagsMs.map((lagMs) => ({
        where: `${name}, lag ${lagMs}`,
        // An entry that never had a caBundle was never called with success: it may begin with a lag.
        text: (texts.findLast(({ atMs }) => atMs <= now - lagMs) ?? texts[0])?.text,
      })),
    )

  function mount(): void {
    for (const pod of pods) {
      if (pod.coming && pod.coming.atMs <= now) {
        pod.seen = pod.coming.texts
        pod.served = usable(pod.seen) ?? pod.served
        pod.coming = undefined
      }
      if (pod.seen !== cluster.leaf && pod.coming === undefined)
        pod.coming = { texts: cluster.leaf, atMs: now + 1000 * (delays.next().value ?? 120) }
    }
  }

  function verify(): void {
    for (const [i, { served }] of pods.entries())
      for (const { where, text } of usedBundles())
        if (served && text !== undefined && !verifies({ leaf: served, bundle: text, now }))
          problems.push(`${new Date(now).toISOString()} pod ${i}, ${where}: ${told.join(', ')}`)
  }

  /** In small steps while anything changes, and in days when nothing does. */
  async function pass(ms: number): Promise<void> {
    told.push(`${ms / 1000} s`)
    const end = now + ms
    let quietSince = now
    let nextLook = now
    for (;;) {
      const before = `${changes.length}`
      if (now >= nextLook) {
        await reconcileAll()
        nextLook = now + 60_000
      }
      mount()
      verify()
      if (before !== `${changes.length}`) quietSince = now
      if (now >= end) return
      const isQuiet = now - quietSince > settleMs
      now = Math.min(end, now + (isQuiet ? 24 * 60 * 60_000 : stepMs))
    }
  }

  restartController()
  return {
    cluster,
    changes,
    told,
    foreignPem: foreign.certificatePem,
    get backup() {
      return backup
    },
    get bundle() {
      return cluster.bundles?.[twoEntries[0]] ?? ''
    },
    editBundle(text, entries = Object.keys(cluster.bundles ?? {})) {
      const edited = entries.filter((name) => cluster.bundles?.[name] !== undefined)
      cluster.bundles = {
        ...cluster.bundles,
        ...Object.fromEntries(edited.map((name) => [name, text])),
      }
      noteBundles()
    },
    addEntry(name) {
      cluster.bundles = { [name]: '', ...cluster.bundles }
      noteBundles()
    },
    removeEntry(name) {
      const { [name]: _, ...others } = cluster.bundles ?? {}
      cluster.bundles = others
      noteBundles()
    },
    restartController,
    restartPod() {
      pods.push({ ...newPod(), served: usable(cluster.leaf), seen: cluster.leaf })
      pods.shift()
    },
    async foreignLeaf() {
      const issued = await issueLeaf({
        authority: foreign,
        commonName: 'x',
        dnsNames: [dnsName],
        ipAddresses: [],
        now: new Date(now),
        lifetimeDays: 90,
      })
      const leaf = { 'tls.crt': issued.certificatePem, 'tls.key': issued.keyPem }
      return { leaf, authorityPem: foreign.certificatePem }
    },
    pass,
    problems: () => problems,
    forget() {
      problems = []
    },
    servedBy: () =>
      pods.map(({ served }) =>
        served === undefined
          ? 'nothing'
          : twoEntries.every((name) => {
                const bundle = cluster.bundles?.[name]
                return bundle === undefined || verifies({ leaf: served, bundle, now })
              })
            ? 'ok'
            : 'fails',
      ),
  }
}

const newPod = (): Pod => ({ served: undefined, seen: undefined, coming: undefined })

/** What the webhook would take from the folder: a whole pair, or nothing. */
function usable(texts: Texts | undefined): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(texts?.['tls.crt'] ?? '')
    const key = createPrivateKey(texts?.['tls.key'] ?? '')
    return certificate.checkPrivateKey(key) ? certificate : undefined
  } catch {
    return undefined
  }
}

/** As Go's TLS client does it, in the API server: names, times, and one of the anchors. */
function verifies(options: {
  readonly leaf: X509Certificate
  readonly bundle: string
  readonly now: number
}): boolean {
  const { leaf, bundle, now } = options
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
