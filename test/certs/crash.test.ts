import t from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import { authorityLifetimeDays, authorityName, leafLifetimeDays } from '../../certs/names.ts'
import { killAtEveryCall } from '../support/kill/kill-at-every-call.ts'
import { twoEntries } from './harness/memory-cluster.ts'
import { dnsName, type SimulatedCluster, simulateCluster } from './harness/simulated-cluster.ts'

const dayMs = 24 * 60 * 60 * 1000
const [, secondEntry] = twoEntries

/** The three objects of an install, with certificates of this age. */
async function installed(ages: { readonly authorityDays: number; readonly leafDays: number }) {
  const { now } = await simulateCluster().cluster.read()
  const before = (days: number) => new Date(now.getTime() - days * dayMs)
  const authority = await issueAuthority({
    commonName: authorityName,
    now: before(ages.authorityDays),
    lifetimeDays: authorityLifetimeDays,
  })
  const leaf = await issueLeaf({
    authority,
    commonName: 'akv-injector webhook',
    dnsNames: [dnsName],
    ipAddresses: [],
    now: before(ages.leafDays),
    lifetimeDays: leafLifetimeDays,
  })
  const ca = authority.certificatePem
  return {
    authority: { 'tls.crt': ca, 'tls.key': authority.keyPem },
    leaf: { 'tls.crt': leaf.certificatePem, 'tls.key': leaf.keyPem, 'ca.crt': ca },
    bundles: Object.fromEntries(twoEntries.map((name) => [name, ca])),
  }
}

interface Change {
  /** Absent: an install as `kubectl apply` leaves it. */
  readonly objects?: Awaited<ReturnType<typeof installed>>
  readonly happens?: (simulation: SimulatedCluster) => unknown
  readonly writes: readonly string[]
}

const young = await installed({ authorityDays: 1, leafDays: 1 })
const replaced = ['issue-authority', 'publish', 'issue-leaf']
const changes: Readonly<Record<string, Change>> = {
  'a new install': { writes: replaced },
  'an authority that was emptied': {
    objects: young,
    happens: ({ cluster }) => {
      cluster.authority = {}
    },
    writes: replaced,
  },
  'an authority that is due': {
    objects: await installed({ authorityDays: (authorityLifetimeDays * 2) / 3 + 1, leafDays: 1 }),
    writes: replaced,
  },
  'a leaf that was emptied': {
    objects: young,
    happens: ({ cluster }) => {
      cluster.leaf = {}
    },
    writes: ['issue-leaf'],
  },
  'a leaf that is due': {
    objects: await installed({ authorityDays: 30, leafDays: (leafLifetimeDays * 2) / 3 + 1 }),
    writes: ['issue-leaf'],
  },
  'an entry that was added': {
    objects: young,
    happens(simulation) {
      simulation.removeEntry(secondEntry)
      simulation.addEntry(secondEntry)
    },
    writes: ['publish'],
  },
}

/** One kubelet hands out a changed Secret at once, before every API server knows the new caBundle. */
function* delays() {
  for (;;) yield* [0, 60]
}

/** Longer than it takes to publish, to wait and to issue. */
const workMs = 90_000
/** Until the pods have what was issued, too. */
const settleMs = 5 * 60_000

for (const [what, { objects, happens, writes }] of Object.entries(changes))
  t.test(
    `killed at any request for ${what}, the certificate controller leaves a caBundle that verifies each served certificate, and finishes when it starts again`,
    async (t) => {
      const problems = new Set<string>()
      const written = new Set<string>()
      const served = new Set<string>()
      const calls = await killAtEveryCall(async (kill) => {
        const simulation = simulateCluster(delays())
        const { cluster } = simulation
        Object.assign(cluster, objects)
        for (const _pod of [1, 2]) simulation.restartPod()
        simulation.recordBundles()
        happens?.(simulation)
        const { read, writeAuthority, writeLeaf, publish } = cluster
        Object.assign(cluster, {
          read: kill.counted(read),
          writeAuthority: kill.counted(writeAuthority),
          writeLeaf: kill.counted(writeLeaf),
          publish: kill.counted(publish),
        })
        await kill.run(() => simulation.pass(workMs))
        Object.assign(cluster, { read, writeAuthority, writeLeaf, publish })
        simulation.restartController()
        await simulation.pass(settleMs)
        for (const problem of simulation.problems()) problems.add(problem)
        written.add(simulation.changes.join())
        served.add(simulation.servedBy().join())
      })
      t.strictSame([...problems], [])
      t.strictSame([...served], ['ok,ok'])
      t.strictSame([...written], [writes.join()], 'nothing is issued twice')
      t.ok(calls > 2 * writes.length, `killed at ${calls} requests`)
    },
  )
