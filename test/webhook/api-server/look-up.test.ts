import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { JsonObject } from '../../../lib/shape.ts'
import type { Lookup } from '../../../requests/class/looked-up.ts'
import type { GetObject, ObjectRequest } from '../../../webhook/api-server/get-object.ts'
import {
  type ClassResult,
  createLookUp,
  refuseLookUps,
} from '../../../webhook/api-server/look-up.ts'
import { csiPod, csiVolume, exampleClass, requestOf } from '../core/csi/example.ts'

const caller = { address: '10.0.0.1', namespace: 'shop' }
const review = { caller, bodyBytes: 4_096 }

function podOf(...classes: string[]) {
  const pod = csiPod()
  pod.spec.volumes = classes.map((name, i) => csiVolume(`v${i}`, name))
  return requestOf(pod)
}

/** Answers requests as the API server does. Classes are read as the webhook reads them. */
function testLookUp(
  answer: (request: ObjectRequest, signal: AbortSignal) => Promise<Lookup>,
  bytes = 100,
) {
  const get: GetObject = async (request, signal) => {
    const lookup = await answer(request, signal)
    const isRead = lookup.kind === 'found' && request.read !== undefined
    return { lookup: isRead ? request.read(lookup.object as JsonObject) : lookup, bytes }
  }

  const results: ClassResult[] = []
  const timers = new Set<() => void>()
  const lookUp = createLookUp({
    get,
    countLookup: (result) => void results.push(result),
    elapsedMs: () => 0,
    callAfter(ms, callback) {
      if (ms !== 2_000) throw new Error(`${ms}`)
      timers.add(callback)
      return () => void timers.delete(callback)
    },
  })
  const passTwoSeconds = () => {
    for (const callback of timers) callback()
  }
  return { lookUp, results, timers, passTwoSeconds }
}

const found = (object: unknown): Lookup => ({ kind: 'found', object })
const hanging = (_request: ObjectRequest, signal: AbortSignal): Promise<Lookup> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'aborted' }))
  })

t.test('classes are looked up side by side, by the paths of the API server', async (t) => {
  const paths: string[] = []
  const { lookUp, results, timers } = testLookUp(async ({ path, name }) => {
    paths.push(path)
    await turn()
    t.equal(paths.length, 2, 'before the first answer')
    return name === 'kv-a' ? found(exampleClass()) : { kind: 'no-kind' }
  })
  const { classes, account } = await lookUp(podOf('kv-a', 'kv-b', 'kv-a'), review)
  t.strictSame(paths, [
    '/apis/secrets-store.csi.x-k8s.io/v1/namespaces/shop/secretproviderclasses/kv-a',
    '/apis/secrets-store.csi.x-k8s.io/v1/namespaces/shop/secretproviderclasses/kv-b',
  ])
  t.strictSame([...classes.keys()], ['kv-a', 'kv-b'])
  t.equal(account, undefined, 'the class names its client')
  t.strictSame(results, ['found', 'absent'])
  t.equal(timers.size, 0, 'no timer is left')
})

t.test('the ServiceAccount is looked up if a class names no client', async (t) => {
  const { lookUp, results } = testLookUp(async ({ path }) =>
    path === '/api/v1/namespaces/shop/serviceaccounts/default'
      ? found({ metadata: {} })
      : found(exampleClass({ clientID: '' })),
  )
  const { account } = await lookUp(podOf('kv-a'), review)
  t.strictSame(account, found({ metadata: {} }))
  t.strictSame(results, ['found'], 'only classes are counted')
})

t.test('nothing is looked up for a pod without volumes of the driver', async (t) => {
  const { lookUp } = testLookUp(() => t.fail() as never)
  t.strictSame(await lookUp(requestOf({ ...csiPod(), spec: { containers: [] } }), review), {
    classes: new Map(),
  })
})

t.test('all look-ups of a review have two seconds together', async (t) => {
  const { lookUp, results, passTwoSeconds } = testLookUp((address, signal) =>
    address.name === 'kv-a' ? Promise.resolve({ kind: 'absent' }) : hanging(address, signal),
  )
  const looking = lookUp(podOf('kv-a', 'kv-b'), review)
  await turn()
  passTwoSeconds()
  const { classes } = await looking
  t.strictSame(classes.get('kv-a'), { kind: 'absent' })
  t.strictSame(classes.get('kv-b'), { kind: 'timed-out', seconds: 2 })
  t.strictSame(results, ['absent', 'failed'])
})

t.test('the ServiceAccount has what is left of the two seconds', async (t) => {
  const { lookUp, passTwoSeconds } = testLookUp((address, signal) =>
    address.name === 'default'
      ? hanging(address, signal)
      : Promise.resolve(found(exampleClass({ clientID: '' }))),
  )
  const looking = lookUp(podOf('kv-a'), review)
  await turn()
  passTwoSeconds()
  t.strictSame((await looking).account, { kind: 'timed-out', seconds: 2 })
})

const reasonOf = (lookup?: Lookup) => (lookup?.kind === 'failed' ? lookup.reason : lookup?.kind)

t.test(
  'when the API server hangs, waiting reviews are bounded, and the largest holder loses',
  async (t) => {
    let underWay = 0
    const { lookUp, passTwoSeconds } = testLookUp(async (address, signal) => {
      underWay++
      const lookup = await hanging(address, signal)
      underWay--
      return lookup
    })
    const flood = Array.from({ length: 600 }, (_, i) => lookUp(podOf(`kv-${i}`), review))
    await turn()
    t.equal(underWay, 512, 'no more requests than that')
    t.equal(
      reasonOf((await flood[599])?.classes.get('kv-599')),
      'too many look-ups are under way; try again',
    )

    const other = lookUp(podOf('kv-other'), {
      ...review,
      caller: { ...caller, address: '10.0.0.2' },
    })
    await turn()
    t.equal(
      reasonOf((await flood[0])?.classes.get('kv-0')),
      'too many look-ups are under way; try again',
      'the oldest of the largest holder gives way',
    )
    passTwoSeconds()
    t.strictSame((await other).classes.get('kv-other'), { kind: 'timed-out', seconds: 2 })
    await Promise.all(flood)
    await turn()
    t.equal(underWay, 0)
  },
)

t.test('a review that waits counts with its size', async (t) => {
  const { lookUp, passTwoSeconds } = testLookUp(hanging)
  const large = { ...review, bodyBytes: 3 * 1024 * 1024 }
  const first = lookUp(podOf('kv-a'), large)
  const second = lookUp(podOf('kv-b'), large)
  t.match(reasonOf((await second).classes.get('kv-b')), /^too many/)
  passTwoSeconds()
  t.equal(reasonOf((await first).classes.get('kv-a')), 'timed-out')
})

t.test('a pod with many classes causes no warning of Node', async (t) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const { lookUp } = testLookUp(async () => ({ kind: 'absent' }))
  const names = Array.from({ length: 32 }, (_, i) => `kv-${i}`)
  t.equal((await lookUp(podOf(...names), review)).classes.size, 32)
  await turn()
  t.strictSame(warnings, [])
})

t.test('only the members of a class that are read are kept', async (t) => {
  const large = {
    ...exampleClass({ unread: 'x'.repeat(500_000) }),
    metadata: { managedFields: ['x'.repeat(400_000)] },
  }
  const { lookUp } = testLookUp(async () => found(large))
  const { classes } = await lookUp(podOf('kv-a'), review)
  t.ok(JSON.stringify([...classes]).length < 1_000)
})

t.test('a webhook that may not read classes says so', async (t) => {
  const { classes } = await refuseLookUps(podOf('kv-a'), review)
  t.match(reasonOf(classes.get('kv-a')), /^AKV_INJECTOR_CSI is none in this webhook/)
})

t.test(
  'among look-ups of one address, the namespace that holds the most loses first',
  async (t) => {
    const { lookUp, passTwoSeconds } = testLookUp(hanging)
    const flood = Array.from({ length: 512 }, (_, i) => lookUp(podOf(`kv-${i}`), review))
    await turn()
    const other = lookUp(podOf('kv-other'), {
      ...review,
      caller: { ...caller, namespace: 'other' },
    })
    t.match(reasonOf((await flood[0])?.classes.get('kv-0')), /^too many look-ups/)
    passTwoSeconds()
    t.equal(reasonOf((await other).classes.get('kv-other')), 'timed-out', 'it could wait')
    await Promise.all(flood)
  },
)

t.test('addresses don’t share requests, and namespaces have paths of their own', async (t) => {
  const sent: ObjectRequest['caller'][] = []
  const { lookUp, passTwoSeconds } = testLookUp((request, signal) => {
    sent.push(request.caller)
    return hanging(request, signal)
  })
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.2']
  const looking = addresses.map((address) =>
    lookUp(podOf('kv-a'), { ...review, caller: { ...caller, address } }),
  )
  await turn()
  t.strictSame(
    sent.map(({ address }) => address),
    ['10.0.0.1', '10.0.0.2'],
  )
  passTwoSeconds()
  await Promise.all(looking)
})

t.test('a review sends 33 requests at the most', async (t) => {
  let sent = 0
  const { lookUp } = testLookUp(async () => {
    sent++
    return found(exampleClass({ clientID: '' }))
  })
  const names = (count: number) => Array.from({ length: count }, (_, i) => `kv-${i}`)
  await lookUp(podOf(...names(32)), review)
  t.equal(sent, 33, '32 classes and the ServiceAccount')
  t.equal((await lookUp(podOf(...names(33)), review)).classes.size, 0, 'such a pod is denied')
  t.equal(sent, 33)
})

t.test('the classes of a review may have 1 MiB together', async (t) => {
  const { lookUp } = testLookUp(async () => found(exampleClass()), 256 * 1024)
  const four = await lookUp(podOf('a', 'b', 'c', 'd'), review)
  t.strictSame(new Set([...four.classes.values()].map(({ kind }) => kind)), new Set(['found']))
  const five = await lookUp(podOf('a', 'b', 'c', 'd', 'e'), review)
  t.match(
    [...five.classes.values()].map(reasonOf).filter((reason) => reason !== 'found'),
    [/^the SecretProviderClasses of the pod have more than 1048576 bytes together; shorten them/],
  )
})
