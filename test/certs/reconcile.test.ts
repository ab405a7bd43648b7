import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createReconciler } from '../../certs/reconcile.ts'
import { isFuzzing, numRuns as propertyRuns } from '../support/property-runs.ts'
import { type MemoryCluster, memoryCluster, twoEntries } from './harness/memory-cluster.ts'
import {
  dnsName,
  type SimulatedCluster,
  settleMs,
  simulateCluster,
} from './harness/simulated-cluster.ts'

/** A run here takes weeks of the cluster's time, and much longer than other properties' do. */
const numRuns = Math.ceil(propertyRuns / (isFuzzing ? 15 : 60))
const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs
const [, secondEntry] = twoEntries

t.test('an empty install is complete after one round', async (t) => {
  const simulation = simulateCluster()
  await simulation.pass(0)
  t.match(simulation.changes, ['issue-authority', 'publish', 'issue-leaf'])
  await simulation.pass(settleMs)
  t.strictSame(simulation.problems(), [])
  t.strictSame(simulation.servedBy(), ['ok', 'ok'])
})

t.test(
  'the leaf is renewed every 20 days, the authority when it is due, and nothing else is written',
  async (t) => {
    const simulation = simulateCluster()
    await simulation.pass(365 * dayMs)
    t.strictSame(simulation.problems(), [])
    const renewals = simulation.changes.slice(3)
    t.strictSame([...new Set(renewals)], ['issue-leaf'])
    t.ok(renewals.length >= 17 && renewals.length <= 19, `${renewals.length}`)

    const authorities = new Set<string | undefined>()
    const months = isFuzzing ? 40 : 28
    for (let month = 12; month <= months; month += 2) {
      if (month > 12) await simulation.pass(60 * dayMs)
      authorities.add(simulation.cluster.authority?.['tls.crt'])
      t.ok((simulation.bundle.match(/BEGIN/g)?.length ?? 0) <= 2, 'old ones are removed')
    }
    t.equal(authorities.size, isFuzzing ? 3 : 2)
    t.strictSame(simulation.problems(), [])
  },
)

/** What a person does, and after which nothing that is served may fail to verify. */
const harmless: Readonly<Record<string, (simulation: SimulatedCluster) => void>> = {
  'empties the authority': ({ cluster }) => {
    if (cluster.authority) cluster.authority = {}
  },
  'garbles the authority': ({ cluster }) => {
    if (cluster.authority) cluster.authority = { ...cluster.authority, 'tls.key': 'x' }
  },
  'deletes the authority': ({ cluster }) => {
    cluster.authority = undefined
  },
  'empties the leaf': ({ cluster }) => {
    if (cluster.leaf) cluster.leaf = {}
  },
  'garbles the leaf': ({ cluster }) => {
    if (cluster.leaf) cluster.leaf = { ...cluster.leaf, 'tls.crt': 'x' }
  },
  'deletes the leaf': ({ cluster }) => {
    cluster.leaf = undefined
  },
  'restores an old authority': (simulation) => {
    if (simulation.backup && simulation.cluster.authority)
      simulation.cluster.authority = simulation.backup
  },
  'applies the install again': ({ cluster }) => {
    cluster.authority ??= {}
    cluster.leaf ??= {}
  },
  'adds to the bundle': (simulation) => {
    simulation.editBundle(`# mine\n${simulation.bundle}${simulation.foreignPem}x`)
  },
  'adds to the bundle of one entry': (simulation) => {
    simulation.editBundle(`${simulation.bundle}${simulation.foreignPem}`, [secondEntry])
  },
  'writes the bundle in another way': (simulation) => {
    simulation.editBundle(simulation.bundle.replaceAll('\n', '\r\n'))
  },
  'removes the second entry': (simulation) => simulation.removeEntry(secondEntry),
  'adds the second entry': (simulation) => {
    if (simulation.cluster.bundles?.[secondEntry] === undefined) simulation.addEntry(secondEntry)
  },
  'restarts the controller': (simulation) => simulation.restartController(),
  'starts a second controller': (simulation) => simulation.restartController({ isSecond: true }),
  'restarts a pod': (simulation) => simulation.restartPod(),
  'lets writes conflict': ({ cluster }) => {
    cluster.troubles.push('conflict', 'conflict')
  },
  'lets the API server fail': ({ cluster }) => {
    cluster.troubles.push('failure', 'conflict', 'failure')
  },
}

const event = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Object.keys(harmless)) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 600 }).map((seconds) => seconds * 1000) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 15 }).map((days) => days * dayMs) },
)

async function happens(
  simulation: SimulatedCluster,
  events: readonly (string | number)[],
): Promise<void> {
  for (const event of events)
    if (typeof event === 'number') {
      // A Secret that nobody brings back for weeks lets its leaf expire; that no order can mend.
      if (event > hourMs) harmless['applies the install again']?.(simulation)
      await simulation.pass(event)
    } else {
      simulation.told.push(event)
      harmless[event]?.(simulation)
    }
}

async function becomesWhole(simulation: SimulatedCluster): Promise<void> {
  simulation.cluster.troubles.length = 0
  harmless['applies the install again']?.(simulation)
  await simulation.pass(settleMs)
  simulation.restartController()
  const before = simulation.changes.length
  await simulation.pass(60_000)
  if (simulation.changes.length > before)
    throw new Error(`not whole: ${simulation.told.join(', ')}`)
  if (simulation.servedBy().some((served) => served !== 'ok'))
    throw new Error(`${simulation.servedBy().join()}: ${simulation.told.join(', ')}`)
}

t.test(`served certificates verify, whatever is lost or edited (${numRuns} runs)`, async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 25 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 120 })),
      async (events, delays) => {
        const simulation = simulateCluster(delays)
        await simulation.pass(0)
        await happens(simulation, events)
        await becomesWhole(simulation)
        const [problem] = simulation.problems()
        if (problem !== undefined) throw new Error(problem)
      },
    ),
    { numRuns },
  )
  t.pass()
})

t.test(`an emptied caBundle is restored (${numRuns} runs)`, async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 10 }),
      fc.array(event, { maxLength: 3 }),
      async (before, after) => {
        const simulation = simulateCluster()
        await happens(simulation, before)
        simulation.editBundle('')
        await happens(simulation, after)
        await becomesWhole(simulation)
        simulation.forget()
        await simulation.pass(3 * dayMs)
        if (simulation.problems().length > 0) throw new Error(simulation.problems()[0])
      },
    ),
    { numRuns },
  )
  t.pass()
})

t.test('a new entry gets the caBundle of the others within one round', async (t) => {
  const simulation = simulateCluster()
  simulation.removeEntry(secondEntry)
  await simulation.pass(settleMs)
  const { bundle } = simulation
  simulation.cluster.authority = {}
  await simulation.pass(60_000)
  simulation.addEntry(secondEntry)
  await simulation.pass(60_000)
  const { [secondEntry]: added, ...others } = simulation.cluster.bundles ?? {}
  t.strictSame(Object.values(others), [added])
  t.match(added, bundle, 'with the old authority, which pods still serve')
  await simulation.pass(settleMs)
  t.strictSame(simulation.problems(), [])
  t.strictSame(simulation.servedBy(), ['ok', 'ok'])
})

t.test('an entry that loses its authorities gets them back from the other', async (t) => {
  const simulation = simulateCluster()
  await simulation.pass(settleMs)
  simulation.cluster.authority = {}
  await simulation.pass(settleMs)
  const { bundle } = simulation
  t.equal(bundle.match(/BEGIN/g)?.length, 2)
  for (const text of ['', 'garbage', simulation.cluster.authority?.['tls.crt'] ?? '']) {
    simulation.editBundle(text, [secondEntry])
    await simulation.pass(60_000)
    t.strictSame(Object.values(simulation.cluster.bundles ?? {}), [bundle, bundle])
  }
})

t.test(
  'a leaf whose authority is left only in its own Secret verifies after one round',
  async (t) => {
    const simulation = simulateCluster()
    await simulation.pass(settleMs)
    simulation.cluster.authority = {}
    simulation.editBundle('')
    await simulation.pass(0)
    t.match(simulation.bundle, simulation.cluster.leaf?.['ca.crt'] ?? 'nothing')
    simulation.forget()
    await simulation.pass(settleMs)
    t.strictSame(simulation.problems(), [])
  },
)

t.test('a leaked authority is replaced and removed by the documented steps', async (t) => {
  const simulation = simulateCluster()
  await simulation.pass(settleMs)
  const leaked = simulation.cluster.authority?.['tls.crt'] ?? ''
  simulation.cluster.authority = {}
  await simulation.pass(settleMs)
  t.match(simulation.bundle, leaked, 'it stays beside the new one')
  simulation.editBundle(simulation.cluster.authority?.['tls.crt'] ?? '')
  const before = simulation.changes.length
  await simulation.pass(dayMs)
  t.equal(simulation.changes.length, before, 'nobody brings it back')
  t.notMatch(simulation.bundle, leaked)
  t.strictSame(simulation.problems(), [])
})

t.test(
  'a foreign leaf is replaced, and verifies until then if its authority is published',
  async (t) => {
    const simulation = simulateCluster()
    await simulation.pass(settleMs)
    const { leaf, authorityPem } = await simulation.foreignLeaf()
    simulation.editBundle(`${simulation.bundle}${authorityPem}`)
    simulation.cluster.leaf = leaf
    await simulation.pass(settleMs)
    t.strictSame(simulation.problems(), [])
    t.match(simulation.changes.at(-1), 'issue-leaf')
    await simulation.pass(dayMs)
    t.notMatch(simulation.bundle, authorityPem, 'and then goes')
  },
)

t.test('certificates that were issued while a clock was ahead are issued again', async (t) => {
  let now = Date.parse('2027-01-01T00:00:00Z')
  const cluster = memoryCluster(() => now)
  const reconcile = createReconciler({
    cluster,
    dnsName,
    publishAheadMs: 0,
    onChange: () => undefined,
  })
  t.match(await reconcile(), { kind: 'nothing' })
  now = Date.parse('2026-06-01T00:00:00Z')
  t.match(await reconcile(), { kind: 'nothing' })
  const leaf = new X509Certificate(cluster.leaf?.['tls.crt'] ?? '')
  const [bundle = ''] = Object.values(cluster.bundles ?? {})
  t.equal(leaf.validFromDate.toISOString(), '2026-05-31T23:55:00.000Z')
  t.ok(leaf.verify(new X509Certificate(bundle).publicKey), 'by the first in caBundle')
})

t.test(
  'the certificate controller gives up with an error if somebody reverts every change',
  async (t) => {
    const cluster = memoryCluster(Date.now)
    const publish = cluster.publish
    const stubborn: MemoryCluster = {
      ...cluster,
      async publish(bundles) {
        await publish(bundles)
        cluster.bundles = { [secondEntry]: '' }
      },
    }
    const reconcile = createReconciler({
      cluster: stubborn,
      dnsName,
      publishAheadMs: 0,
      onChange: () => undefined,
    })
    cluster.authority = {}
    await t.rejects(reconcile(), /something else keeps changing the objects/)
  },
)
