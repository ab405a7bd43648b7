import t from 'tap'
import type { NextRun } from '../../../sync/queue/next-run.ts'
import { type QueueSlot, WorkQueue } from '../../../sync/queue/work-queue.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { manualOutage } from '../harness/manual-outage.ts'
import { noOutage } from '../harness/no-outage.ts'

function start(
  run: (key: string, slot: QueueSlot) => Promise<NextRun | undefined>,
  {
    sideBySide = 2,
    restMs = 0,
    pause = noOutage,
  }: Partial<
    Pick<ConstructorParameters<typeof WorkQueue>[0], 'sideBySide' | 'restMs' | 'pause'>
  > = {},
) {
  const stop = new AbortController()
  const clock = fakeClock({})
  const namespaceOf = (key: string) => key.split('/')[0] ?? ''
  const options = { sideBySide, restMs, pause, namespaceOf, clock, signal: stop.signal }
  const queue = new WorkQueue(options)
  queue.start(run)
  return { stop, clock, queue }
}

const after = (afterMs: number, outlook: NextRun['outlook'] = 'good'): NextRun => ({
  afterMs,
  outlook,
})

/** Work that ends when it is told to. */
function jobs() {
  const begun: string[] = []
  const endings = new Map<string, (next?: NextRun) => void>()
  const run = (key: string) =>
    new Promise<NextRun | undefined>((resolve) => {
      begun.push(key)
      endings.set(key, resolve)
    })
  const end = async (key: string, next?: NextRun) => {
    endings.get(key)?.(next)
    await new Promise(setImmediate)
  }
  return { begun, run, end }
}

t.test('a bounded number of keys runs at a time, the longest due first', async (t) => {
  const { begun, run, end } = jobs()
  const { queue } = start(run)
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key, after(0))
  t.strictSame(begun, ['a', 'b'])
  t.equal(queue.depth(), 2)
  await end('b')
  t.strictSame(begun, ['a', 'b', 'c'])
  await end('a')
  await end('c')
  t.strictSame(begun, ['a', 'b', 'c', 'd'])
  t.equal(queue.depth(), 0)
})

t.test('a key is queued once and never runs twice at the same time', async (t) => {
  const { begun, run, end } = jobs()
  const { queue } = start(run)
  queue.add('a', after(0))
  queue.add('a', after(0))
  queue.add('a', after(0))
  t.strictSame(begun, ['a'])
  await end('a')
  t.strictSame(begun, ['a', 'a'], 'what was added while it ran is done after it')
  await end('a')
  t.strictSame(begun, ['a', 'a'])
})

t.test('a key runs again when it is due, or earlier if it is added', async (t) => {
  const times: number[] = []
  const { queue, clock } = start(async () => {
    times.push(clock.now())
    return times.length < 3 ? { afterMs: 5_000, outlook: 'good' } : undefined
  })
  const began = clock.now()
  queue.add('a', after(100))
  queue.add('a', after(9_000))
  while (times.length < 3) await new Promise(setImmediate)
  t.strictSame(
    times.map((time) => time - began),
    [100, 5_100, 10_100],
  )
})

t.test('a key that is due later doesn’t delay the next', async (t) => {
  const begun: string[] = []
  const { queue } = start(async (key) => {
    begun.push(key)
    return undefined
  })
  queue.add('late', after(60_000))
  queue.add('soon', after(10))
  while (begun.length < 2) await new Promise(setImmediate)
  t.strictSame(begun, ['soon', 'late'])
})

t.test('failing keys leave half of the slots to working ones', async (t) => {
  const { begun, run, end } = jobs()
  const { queue } = start(run, { sideBySide: 4 })
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key, after(0))
  for (const key of ['a', 'b', 'c', 'd']) await end(key, { afterMs: 0, outlook: 'failing' })
  t.strictSame(begun.splice(0), ['a', 'b', 'c', 'd', 'a', 'b'], 'two of them hang')
  t.equal(queue.depth(), 2)
  queue.add('e', after(0))
  queue.add('f', after(0))
  t.strictSame(begun.splice(0), ['e', 'f'])
  queue.add('c', after(0))
  await end('e')
  t.strictSame(begun.splice(0), ['c'], 'what has changed is no retry any more')
  await end('f')
  t.strictSame(begun.splice(0), [])
  await end('a')
  t.strictSame(begun, ['d'])
})

t.test('unknown keys leave a quarter of the slots to working ones', async (t) => {
  const { begun, run, end } = jobs()
  const { queue } = start(run, { sideBySide: 4 })
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key, after(0, 'unknown'))
  t.strictSame(begun.splice(0), ['a', 'b', 'c'], 'which hang')
  queue.add('good', after(0))
  t.strictSame(begun.splice(0), ['good'])
  for (const key of ['a', 'b', 'c']) await end(key, after(0, 'failing'))
  t.strictSame(begun.splice(0), ['d', 'a', 'b'], 'what fails has two')
})

t.test('a key rests after a run, even if it is added again and again', async (t) => {
  const times: number[] = []
  const { queue, clock } = start(
    async () => {
      times.push(clock.now())
      await undefined
      if (times.length < 4) queue.add('a', after(0))
      return times.length < 5 ? after(60_000) : undefined
    },
    { restMs: 2_000 },
  )
  const began = clock.now()
  queue.add('a', after(0))
  while (times.length < 2) await new Promise(setImmediate)
  queue.drop('a')
  queue.add('a', after(0))
  while (times.length < 5) await new Promise(setImmediate)
  t.strictSame(
    times.map((time) => time - began),
    [0, 2_000, 4_000, 6_000, 66_000],
  )
})

t.test('a dropped key doesn’t run', async (t) => {
  const { begun, run, end } = jobs()
  const { queue } = start(run, { sideBySide: 1 })
  queue.add('a', after(0))
  queue.add('b', after(0))
  queue.drop('b')
  await end('a')
  t.strictSame(begun, ['a'])
})

t.test('after a stop nothing new runs, and idle resolves when all runs have ended', async (t) => {
  const { begun, run, end } = jobs()
  const { queue, stop } = start(run)
  queue.add('a', after(0))
  queue.add('b', after(50))
  stop.abort()
  let isIdle = false
  const idle = queue.idle().then(() => {
    isIdle = true
  })
  await new Promise(setImmediate)
  t.notOk(isIdle, 'a still runs')
  await end('a', { afterMs: 0, outlook: 'good' })
  await idle
  queue.add('c', after(0))
  t.strictSame(begun, ['a'])
})

t.test('thousands of keys all run', async (t) => {
  let ran = 0
  const { queue } = start(
    async () => {
      ran += 1
      return undefined
    },
    { sideBySide: 50 },
  )
  for (let i = 0; i < 2000; i++) queue.add(`account-${i}`, after(0))
  while (ran < 2000) await new Promise(setImmediate)
  t.equal(queue.depth(), 0)
})

t.test('a turn of the event loop begins ten runs at most, however fast they end', async (t) => {
  let ran = 0
  const { queue } = start(async () => {
    ran += 1
    return undefined
  })
  for (let i = 0; i < 25; i++) queue.add(`account-${i}`, after(0))
  const counts: number[] = []
  while (ran < 25) {
    const before = ran
    await new Promise(setImmediate)
    counts.push(ran - before)
  }
  t.equal(Math.max(...counts), 10)
})

t.test('runs that didn’t fit into a turn begin in a later one', async (t) => {
  const { begun, run } = jobs()
  const { queue } = start(run, { sideBySide: 50 })
  const keys = Array.from({ length: 25 }, (_, n) => `account-${n}`)
  for (const key of keys) queue.add(key, after(0))
  t.strictSame(begun, keys.slice(0, 10))
  while (begun.length < keys.length) await new Promise(setImmediate)
  t.strictSame(begun, keys)
})

const turns = async (count = 30) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

t.test('however many keys a namespace has, they don’t take all slots', async (t) => {
  const { begun, run } = jobs()
  const { queue } = start(run, { sideBySide: 50 })
  for (let i = 0; i < 400; i++) queue.add(`evil/${i}`, after(0))
  await turns()
  t.equal(begun.splice(0).length, 25, 'which hang')
  queue.add('shop/web', after(0))
  t.strictSame(begun.splice(0), ['shop/web'])
  t.equal(queue.depth(), 375)
})

t.test('namespaces take turns', async (t) => {
  const { begun, run, end } = jobs()
  const { queue } = start(run, { sideBySide: 1 })
  for (let i = 0; i < 400; i++) queue.add(`evil/${i}`, after(0))
  queue.add('shop/web', after(0))
  queue.add('shop/api', after(0))
  for (let i = 0; i < 4; i++) await end(begun.at(-1) ?? '')
  t.strictSame(begun, ['evil/0', 'evil/1', 'shop/web', 'evil/2', 'shop/api'])
})

t.test(
  'a key that is added again and again keeps its turn among those of its namespace',
  async (t) => {
    const { begun, run, end } = jobs()
    const { queue } = start(run, { sideBySide: 1 })
    for (const key of ['shop/a', 'shop/b', 'shop/c']) queue.add(key, after(0))
    queue.add('shop/b', after(0))
    await end('shop/a')
    t.strictSame(begun, ['shop/a', 'shop/b'])
  },
)

t.test('slow runs of any number of namespaces don’t take all slots', async (t) => {
  const slow: string[] = []
  const { queue } = start(
    (key, slot) => {
      if (key.startsWith('shop/')) return new Promise(() => honest.push(key))
      // It waits for CPU time without end.
      if (slot.becomeSlow()) return new Promise(() => slow.push(key))
      return Promise.resolve(after(0, 'slow'))
    },
    { sideBySide: 50, restMs: 2_000 },
  )
  const honest: string[] = []
  for (let i = 0; i < 100; i++) queue.add(`evil-${i}/app`, after(0))
  await turns()
  t.equal(slow.length, 13, 'a quarter of the slots')
  for (let i = 0; i < 25; i++) queue.add(`shop/${i}`, after(0))
  await turns()
  t.ok(honest.length >= 18, `${honest.length} of the others run`)
  t.ok(queue.depth() > 0)
})

t.test('in a pause, no key begins, and afterwards all that are due do', async (t) => {
  const { begun, run, end } = jobs()
  const outage = manualOutage()
  const { queue, clock } = start(run, { pause: outage })
  queue.add('a/1', after(0))
  t.strictSame(begun, ['a/1'])
  outage.begin()
  for (const key of ['b/1', 'c/1', 'd/1']) queue.add(key, after(0))
  queue.add('e/1', after(10))
  await end('a/1', after(0))
  await clock.sleep(1_000)
  t.strictSame(begun, ['a/1'])
  t.equal(queue.depth(), 5)
  outage.end()
  await new Promise(setImmediate)
  t.strictSame(begun, ['a/1', 'b/1', 'c/1'])
  for (const key of ['b/1', 'c/1', 'd/1', 'a/1']) await end(key)
  t.strictSame(begun.slice(3).sort(), ['a/1', 'd/1', 'e/1'])
})
