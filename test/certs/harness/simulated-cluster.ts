import { issueAuthority, issueLeaf } from '../../../certs/issue.ts'
import { createReconciler } from '../../../certs/reconcile.ts'
import { type MemoryCluster, memoryCluster, type Texts, twoEntries } from './memory-cluster.ts'
import { createPublishedBundles } from './published-bundles.ts'
import { createPods } from './simulated-pods.ts'
import { verifies } from './verifies.ts'

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
  /** Lets the API servers see what is published now. */
  recordBundles(): void
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

const stepMs = 15_000

/** @param delays - after how many seconds a kubelet hands out a changed Secret, one after the other */
export function simulateCluster(delays: Iterator<number> = [].values()): SimulatedCluster {
  let now = start
  let problems: string[] = []

  let controllers: (() => Promise<unknown>)[] = []
  let backup: Texts | undefined
  const changes: string[] = []
  const told: string[] = []
  const cluster = memoryCluster(() => now)
  const published = createPublishedBundles()
  const pods = createPods(delays)
  const recordBundles = () => published.record(cluster.bundles, now)

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
    recordBundles()
  }

  function verify(): void {
    for (const [i, leaf] of pods.served().entries())
      for (const { where, text } of published.used(now))
        if (leaf && text !== undefined && !verifies({ dnsName, leaf, bundle: text, now }))
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
      pods.mount(cluster.leaf, now)
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
    recordBundles,
    editBundle(text, entries = Object.keys(cluster.bundles ?? {})) {
      const edited = entries.filter((name) => cluster.bundles?.[name] !== undefined)
      cluster.bundles = {
        ...cluster.bundles,
        ...Object.fromEntries(edited.map((name) => [name, text])),
      }
      recordBundles()
    },
    addEntry(name) {
      cluster.bundles = { [name]: '', ...cluster.bundles }
      recordBundles()
    },
    removeEntry(name) {
      const { [name]: _, ...others } = cluster.bundles ?? {}
      cluster.bundles = others
      recordBundles()
    },
    restartController,
    restartPod: () => pods.restart(cluster.leaf),
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
      pods.served().map((leaf) =>
        leaf === undefined
          ? 'nothing'
          : twoEntries.every((name) => {
                const bundle = cluster.bundles?.[name]
                return bundle === undefined || verifies({ dnsName, leaf, bundle, now })
              })
            ? 'ok'
            : 'fails',
      ),
  }
}
