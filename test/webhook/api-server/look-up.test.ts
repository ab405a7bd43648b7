import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import type { GetObject } from '../../../webhook/api-server/get-object.ts'
import {
  type ClassResult,
  createLookUp,
  refuseLookUps,
} from '../../../webhook/api-server/look-up.ts'
import type { Lookup } from '../../../webhook/core/csi/looked-up.ts'
import { csiPod, csiVolume, exampleClass, requestOf } from '../core/csi/example.ts'

const caller = { address: '10.0.0.1', bodyBytes: 4_096 }

function podOf(...classes: string[]) {
  const pod = csiPod()
  pod.spec.volumes = classes.map((name, i) => csiVolume(`v${i}`, name))
  return requestOf(pod)
}

function testLookUp(get: GetObject) {
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
const hanging: GetObject = (_address, signal) =>
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
  const { classes, account } = await lookUp(podOf('kv-a', 'kv-b', 'kv-a'), caller)
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
  const { account } = await lookUp(podOf('kv-a'), caller)
  t.strictSame(account, found({ metadata: {} }))
  t.strictSame(results, ['found'], 'only classes are counted')
})

t.test('nothing is asked for a pod without volumes of the driver', async (t) => {
  const { lookUp } = testLookUp(() => t.fail() as never)
  t.strictSame(await lookUp(requestOf({ ...csiPod(), spec: { containers: [] } }), caller), {
    classes: new Map(),
  })
})

t.test('all look-ups of a review have two seconds together', async (t) => {
  const { lookUp, results, passTwoSeconds } = testLookUp((address, signal) =>
    address.name === 'kv-a' ? Promise.resolve({ kind: 'absent' }) : hanging(address, signal),
  )
  const looking = lookUp(podOf('kv-a', 'kv-b'), caller)
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
  const looking = lookUp(podOf('kv-a'), caller)
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
    const flood = Array.from({ length: 600 }, (_, i) => lookUp(podOf(`kv-${i}`), caller))
    await turn()
    t.equal(underWay, 512, 'no more requests than that')
    t.equal(
      reasonOf((await flood[599])?.classes.get('kv-599')),
      'too many look-ups are under way; try again',
    )

    const other = lookUp(podOf('kv-other'), { ...caller, address: '10.0.0.2' })
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
  const large = { ...caller, bodyBytes: 3 * 1024 * 1024 }
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
  t.equal((await lookUp(podOf(...names), caller)).classes.size, 32)
  await turn()
  t.strictSame(warnings, [])
})

t.test('of a class, only what is read is kept', async (t) => {
  const large = {
    ...exampleClass({ unread: 'x'.repeat(500_000) }),
    metadata: { managedFields: ['x'.repeat(400_000)] },
  }
  const { lookUp } = testLookUp(async () => found(large))
  const { classes } = await lookUp(podOf('kv-a'), caller)
  t.ok(JSON.stringify([...classes]).length < 1_000)
})

t.test('a webhook that may not read classes says so', async (t) => {
  const { classes } = await refuseLookUps(podOf('kv-a'), caller)
  t.match(reasonOf(classes.get('kv-a')), /^AKV_INJECTOR_CSI is none in this webhook/)
})
