import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { createReconciler } from '../../certs/reconcile.ts'
import { numRuns as propertyRuns } from '../support/property-runs.ts'
import { type MemoryCluster, memoryCluster } from './memory-cluster.ts'
import { createWorld, dnsName, settleMs, type World } from './world.ts'

/** A run here takes weeks of the cluster's time, and much longer than other properties' do. */
const numRuns = Math.ceil(propertyRuns / 15)
const hourMs = 60 * 60 * 1000
const dayMs = 24 * hourMs

t.test('an empty install is whole after one round', async (t) => {
  const world = createWorld()
  await world.pass(0)
  t.match(world.changes, ['issue-authority', 'publish', 'issue-leaf'])
  await world.pass(settleMs)
  t.strictSame(world.problems(), [])
  t.strictSame(world.servedBy(), ['ok', 'ok'])
})

t.test('a year passes, with a renewal every 20 days and no other write', async (t) => {
  const world = createWorld()
  await world.pass(365 * dayMs)
  t.strictSame(world.problems(), [])
  const renewals = world.changes.slice(3)
  t.strictSame([...new Set(renewals)], ['issue-leaf'])
  t.ok(renewals.length >= 17 && renewals.length <= 19, `${renewals.length}`)
})

t.test('authorities follow each other, and old ones go', async (t) => {
  const world = createWorld()
  const authorities = new Set<string | undefined>()
  for (let i = 0; i < 20; i++) {
    await world.pass(60 * dayMs)
    authorities.add(world.cluster.authority?.['tls.crt'])
    t.ok((world.cluster.bundle?.match(/BEGIN/g)?.length ?? 0) <= 2)
  }
  t.equal(authorities.size, 3)
  t.strictSame(world.problems(), [])
})

/** What a person does, and after which nothing that is served may fail to verify. */
const harmless: Readonly<Record<string, (world: World) => void>> = {
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
  'restores an old authority': (world) => {
    if (world.backup && world.cluster.authority) world.cluster.authority = world.backup
  },
  'applies the install again': ({ cluster }) => {
    cluster.authority ??= {}
    cluster.leaf ??= {}
    cluster.bundle ??= ''
  },
  'adds to the bundle': (world) => {
    world.editBundle(`# mine\n${world.cluster.bundle}${world.foreignPem}x`)
  },
  'writes the bundle in another way': (world) => {
    world.editBundle(world.cluster.bundle?.replaceAll('\n', '\r\n') ?? '')
  },
  'restarts the controller': (world) => world.restartController(),
  'starts a second controller': (world) => world.restartController({ isSecond: true }),
  'restarts a pod': (world) => world.restartPod(),
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

async function happens(world: World, events: readonly (string | number)[]): Promise<void> {
  for (const one of events)
    if (typeof one === 'number') {
      // A Secret that nobody brings back for weeks lets its leaf expire; that no order can mend.
      if (one > hourMs) harmless['applies the install again']?.(world)
      await world.pass(one)
    } else {
      world.told.push(one)
      harmless[one]?.(world)
    }
}

async function becomesWhole(world: World): Promise<void> {
  world.cluster.troubles.length = 0
  harmless['applies the install again']?.(world)
  await world.pass(settleMs)
  world.restartController()
  const before = world.changes.length
  await world.pass(60_000)
  if (world.changes.length > before) throw new Error(`not whole: ${world.told.join(', ')}`)
  if (world.servedBy().some((served) => served !== 'ok'))
    throw new Error(`${world.servedBy().join()}: ${world.told.join(', ')}`)
}

t.test(`whatever is lost or edited, what is served verifies (${numRuns} runs)`, async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 25 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 120 })),
      async (events, delays) => {
        const world = createWorld(delays)
        await world.pass(0)
        await happens(world, events)
        await becomesWhole(world)
        const [problem] = world.problems()
        if (problem !== undefined) throw new Error(problem)
      },
    ),
    { numRuns },
  )
  t.pass()
})

t.test(`an emptied caBundle heals (${numRuns} runs)`, async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 10 }),
      fc.array(event, { maxLength: 3 }),
      async (before, after) => {
        const world = createWorld()
        await happens(world, before)
        world.editBundle('')
        await happens(world, after)
        await becomesWhole(world)
        world.forget()
        await world.pass(3 * dayMs)
        if (world.problems().length > 0) throw new Error(world.problems()[0])
      },
    ),
    { numRuns },
  )
  t.pass()
})

t.test(
  'a leaf that only its own Secret can still verify is verified after one round',
  async (t) => {
    const world = createWorld()
    await world.pass(settleMs)
    world.cluster.authority = {}
    world.editBundle('')
    await world.pass(0)
    t.match(world.cluster.bundle, world.cluster.leaf?.['ca.crt'] ?? 'nothing')
    world.forget()
    await world.pass(settleMs)
    t.strictSame(world.problems(), [])
  },
)

t.test('a leaked authority is replaced and taken out, as the page says', async (t) => {
  const world = createWorld()
  await world.pass(settleMs)
  const leaked = world.cluster.authority?.['tls.crt'] ?? ''
  world.cluster.authority = {}
  await world.pass(settleMs)
  t.match(world.cluster.bundle, leaked, 'it stays beside the new one')
  world.editBundle(world.cluster.authority?.['tls.crt'] ?? '')
  const before = world.changes.length
  await world.pass(dayMs)
  t.equal(world.changes.length, before, 'nobody brings it back')
  t.notMatch(world.cluster.bundle, leaked)
  t.strictSame(world.problems(), [])
})

t.test(
  'a leaf of somebody else is replaced, and verified until then where that can be',
  async (t) => {
    const world = createWorld()
    await world.pass(settleMs)
    const { leaf, authorityPem } = await world.foreignLeaf()
    world.editBundle(`${world.cluster.bundle}${authorityPem}`)
    world.cluster.leaf = leaf
    await world.pass(settleMs)
    t.strictSame(world.problems(), [])
    t.match(world.changes.at(-1), 'issue-leaf')
    await world.pass(dayMs)
    t.notMatch(world.cluster.bundle, authorityPem, 'and then goes')
  },
)

t.test('what was made by a clock that ran ahead is made again by the right one', async (t) => {
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
  t.equal(leaf.validFromDate.toISOString(), '2026-05-31T23:55:00.000Z')
  t.ok(leaf.verify(new X509Certificate(cluster.bundle ?? '').publicKey), 'by the first in caBundle')
})

t.test('somebody who changes everything back is told about, not fought for ever', async (t) => {
  const cluster = memoryCluster(Date.now)
  const publish = cluster.publish
  const stubborn: MemoryCluster = {
    ...cluster,
    async publish(bundle) {
      await publish(bundle)
      cluster.bundle = ''
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
})
