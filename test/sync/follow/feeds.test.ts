import t, { type Test } from 'tap'
import {
  KindAbsentError,
  type KindRequests,
  type Selection,
  type WatchOptions,
} from '../../../sync/cluster/cluster-port.ts'
import { createFeed } from '../../../sync/follow/create-feed.ts'
import type { Sink } from '../../../sync/follow/feed.ts'
import { manualClock } from '../../support/manual-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { noOutage } from '../harness/no-outage.ts'

interface Thing {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
  readonly cost: number
}

const never = (): never => {
  throw new Error('there is an event')
}

/** A cluster with things of one kind, whose watches the test sees. */
function startCluster() {
  const things = new Map<string, Thing>()
  const events: { readonly type: 'onObject' | 'onGone'; readonly thing: Thing }[] = []
  const watches = new Set<
    WatchOptions<Thing> & { next: number; readonly end: (error?: Error) => void }
  >()
  const lists: string[] = []
  let version = 100
  let failure: Error | undefined
  const isLeftOut = (selection: Selection | undefined, namespace: string) =>
    selection?.leftOut().includes(namespace) === true
  const read = (thing: Thing, selection: Selection | undefined) => {
    selection?.onCost(thing.namespace, thing.cost)
    return selection === undefined || selection.isOurs(thing.namespace)
  }
  const requests: KindRequests<Thing> = {
    async list(namespace, reduce = (thing) => thing, selection) {
      lists.push(namespace)
      await new Promise(setImmediate)
      if (failure) throw failure
      const objects = [...things.values()]
        .filter((thing) => namespace === '' || thing.namespace === namespace)
        .filter((thing) => !isLeftOut(selection, thing.namespace) && read(thing, selection))
        .map(reduce)
      return { objects, resourceVersion: String(version) }
    },
    watch: (options) =>
      new Promise((resolve, reject) => {
        const watch = {
          ...options,
          next:
            events.findIndex(({ thing }) => thing.resourceVersion === options.resourceVersion) + 1,
          end(error?: Error) {
            watches.delete(watch)
            const last = events[watch.next - 1]?.thing.resourceVersion ?? options.resourceVersion
            if (error) reject(error)
            else resolve(last)
          },
        }
        watches.add(watch)
        options.onOpen?.()
        options.restart?.addEventListener('abort', () => watch.end())
        options.signal.addEventListener('abort', () => watch.end())
        deliver()
      }),
  }
  /** Brings all watches up to date, each event after the one before. */
  function deliver(): void {
    for (const watch of watches)
      for (; watches.has(watch) && watch.next < events.length; ) {
        const { type, thing } = events[watch.next++] ?? events[0] ?? never()
        const { namespace, selection } = watch
        if (namespace !== '' && namespace !== thing.namespace) continue
        if (isLeftOut(selection, thing.namespace) || !read(thing, selection)) continue
        if (type === 'onObject') watch.onObject(thing)
        else watch.onGone(thing.name, thing)
      }
  }
  const send = (thing: Thing, type: 'onObject' | 'onGone') => {
    events.push({ type, thing })
    deliver()
  }
  const next = (namespace: string, name: string, cost: number): Thing => {
    version += 1
    return { namespace, name, uid: `uid-${name}`, resourceVersion: String(version), cost }
  }
  return {
    requests,
    watches,
    lists,
    fail(error: Error | undefined) {
      failure = error
    },
    put(namespace: string, name: string, cost = 100) {
      const thing = next(namespace, name, cost)
      things.set(`${namespace}/${name}`, thing)
      send(thing, 'onObject')
    },
    remove(namespace: string, name: string) {
      things.delete(`${namespace}/${name}`)
      send(next(namespace, name, 100), 'onGone')
    },
  }
}

function start(t: Test, watch: 'cluster' | 'namespaces') {
  const cluster = startCluster()
  const clock = manualClock()
  const stop = new AbortController()
  const { log, lines } = memoryLog()
  const told: string[] = []
  const charged = new Map<string, number>()
  const feed = createFeed<Thing>(watch, {
    kind: 'Thing',
    requests: cluster.requests,
    onAsking: () => undefined,
    pace: {
      charge: (namespace, cost) =>
        void charged.set(namespace, (charged.get(namespace) ?? 0) + cost),
    },
    outage: noOutage,
    clock,
    log,
    signal: stop.signal,
  })
  t.teardown(async () => {
    stop.abort()
    await feed.ended()
  })
  const begin = (namespace: string, more: Partial<Sink<Thing>> = {}) =>
    feed.begin(namespace, {
      onObject: ({ name }) => void told.push(`${namespace}/${name}`),
      onGone: (name) => void told.push(`gone ${namespace}/${name}`),
      onListed: () => void told.push(`listed ${namespace}`),
      onAbsent: () => void told.push(`absent ${namespace}`),
      ...more,
    })
  return { cluster, clock, feed, begin, told, charged, lines, take: () => told.splice(0) }
}

t.test('one list and one watch serve all namespaces that are ours', async (t) => {
  const { cluster, clock, feed, begin, take, charged } = start(t, 'cluster')
  for (const namespace of ['a', 'b', 'other']) cluster.put(namespace, 'x')
  begin('a')
  begin('b')
  t.equal(feed.problem(), 'the Things have not been listed yet')
  feed.start()
  await clock.pass(0)
  t.equal(feed.problem(), undefined)
  t.strictSame(take(), ['a/x', 'b/x', 'listed a', 'listed b'])
  t.strictSame(cluster.lists, [''])
  cluster.put('b', 'y')
  cluster.put('other', 'y')
  cluster.remove('a', 'x')
  t.strictSame(take(), ['b/y', 'gone a/x'])
  t.equal(cluster.watches.size, 1)
  t.strictSame([...charged.keys()], ['a', 'b'], 'only what is ours is charged')
})

t.test('a namespace that becomes ours is listed, and one that ends gets nothing', async (t) => {
  const { cluster, clock, feed, begin, take } = start(t, 'cluster')
  cluster.put('b', 'x')
  feed.start()
  await clock.pass(0)
  begin('b')
  cluster.put('b', 'y')
  await clock.pass(0)
  t.strictSame(take(), ['b/y', 'b/x', 'listed b'])
  t.strictSame(cluster.lists, ['', 'b'])
  feed.end('b')
  cluster.put('b', 'z')
  await clock.pass(300_000)
  t.strictSame(take(), [])
})

t.test('after a failure, everything is listed once, and only changes are delivered', async (t) => {
  const { cluster, clock, feed, begin, take, lines } = start(t, 'cluster')
  cluster.put('a', 'x')
  begin('a')
  feed.start()
  await clock.pass(0)
  take()
  for (const watch of cluster.watches) watch.end(new Error('410'))
  cluster.put('a', 'y')
  cluster.remove('a', 'x')
  await clock.pass(2_000)
  t.strictSame(take(), ['gone a/x', 'a/y', 'listed a'])
  t.strictSame(cluster.lists, ['', ''])
  t.strictSame(lines, [])
})

t.test(
  'a namespace that costs too much is left out, and listed by itself if it is ours',
  async (t) => {
    const { cluster, clock, feed, begin, take } = start(t, 'cluster')
    begin('a')
    begin('b')
    feed.start()
    await clock.pass(0)
    take()
    const leftOut = () =>
      [...cluster.watches].flatMap(({ selection }) => selection?.leftOut() ?? [])
    for (let i = 0; i < 50; i++) {
      cluster.put('stranger', `huge-${i}`, 30_000)
      cluster.put('a', `huge-${i}`, 30_000)
      cluster.put('b', 'x')
    }
    await clock.pass(2_000)
    t.strictSame(leftOut().sort(), ['a', 'stranger'])
    t.equal(take().filter((line) => line === 'b/x').length, 50, 'each change of others is seen')
    cluster.put('b', 'y')
    cluster.put('a', 'late')
    t.strictSame(take(), ['b/y'])
    await clock.pass(61_000)
    t.match(take(), ['a/late', 'listed a'], 'its own list brings it')
    await clock.pass(600_000)
    for (const watch of cluster.watches) watch.end()
    await clock.pass(2_000)
    t.strictSame(leftOut(), [], 'it returns')
    await clock.pass(61_000)
    take()
    cluster.put('a', 'again')
    t.strictSame(take(), ['a/again'])
  },
)

t.test('at most so many namespaces are left out', async (t) => {
  const { cluster, clock, feed } = start(t, 'cluster')
  feed.start()
  await clock.pass(0)
  for (let i = 0; i < 80; i++) cluster.put(`stranger-${i}`, 'huge', 2_000_000)
  await clock.pass(100_000)
  const leftOut = [...cluster.watches].flatMap(({ selection }) => selection?.leftOut() ?? [])
  t.equal(leftOut.length, 50)
})

t.test('a namespace that can’t take its objects delays no other', async (t) => {
  const { cluster, clock, feed, begin, take, lines } = start(t, 'cluster')
  const refuse = () => {
    throw new Error('too many')
  }
  begin('full', { reducer: () => refuse })
  begin('late', { onObject: refuse })
  begin('b')
  cluster.put('full', 'x')
  cluster.put('b', 'x')
  feed.start()
  await clock.pass(0)
  t.equal(feed.problem(), undefined)
  t.ok(take().includes('listed b'))
  cluster.put('late', 'x')
  cluster.put('b', 'y')
  t.ok(take().includes('b/y'))
  await clock.pass(10_000)
  t.strictSame(lines.map(({ namespace }) => namespace).sort(), ['full', 'late'])
})

t.test('an absent kind is looked for again', async (t) => {
  const { cluster, clock, feed, begin, take } = start(t, 'cluster')
  begin('a')
  cluster.fail(new KindAbsentError('things'))
  feed.start()
  await clock.pass(0)
  begin('b')
  await clock.pass(0)
  t.strictSame(take(), ['absent a', 'absent b'])
  cluster.fail(undefined)
  cluster.put('a', 'x')
  await clock.pass(61_000)
  const lines = take()
  t.ok(lines.includes('a/x') && lines.includes('listed a') && lines.includes('listed b'))
})

t.test('objects are delivered again on request', async (t) => {
  for (const watch of ['cluster', 'namespaces'] as const) {
    const { cluster, clock, feed, begin, take } = start(t, watch)
    cluster.put('a', 'x')
    begin('a')
    feed.start()
    await clock.pass(0)
    t.strictSame(take(), ['a/x', 'listed a'])
    feed.listAgain('a')
    await clock.pass(0)
    t.strictSame(take(), ['a/x', 'listed a'])
  }
})

t.test(
  'without a watch of the cluster, watches are bounded, and others are listed in turns',
  async (t) => {
    const { cluster, clock, feed, begin, take } = start(t, 'namespaces')
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`)
    for (const name of names) {
      begin(name)
      cluster.put(name, 'x')
    }
    feed.start()
    t.match(feed.problem(), /have not been listed yet in 30 namespaces/)
    await clock.pass(0)
    t.equal(feed.problem(), undefined)
    t.equal(cluster.watches.size, 20)
    t.notOk(cluster.lists.includes(''))
    t.equal(take().filter((line) => line.startsWith('listed')).length, 30)
    for (const name of ['n0', 'n29']) cluster.put(name, 'y')
    t.strictSame(take(), ['n0/y'])
    await clock.pass(31_000)
    t.ok(take().includes('n29/y'))
    feed.end('n0')
    await clock.pass(0)
    t.equal(cluster.watches.size, 20, 'another one gets its watch')
    cluster.put('n20', 'y')
    t.ok(take().includes('n20/y'))
  },
)

t.test('a namespace that can’t be listed delays no other', async (t) => {
  const { cluster, clock, feed, begin } = start(t, 'namespaces')
  begin('a')
  cluster.fail(new Error('forbidden'))
  feed.start()
  await clock.pass(0)
  t.equal(feed.problem(), undefined)
})
