import t from 'tap'
import { createFairPace } from '../../../lib/fair/fair-pace.ts'

/** A clock whose sleeps end as time passes. */
function start() {
  let nowMs = 0
  const sleeps = new Set<{ readonly atMs: number; readonly wake: () => void }>()
  const clock = {
    now: () => nowMs,
    sleep: (ms: number) => new Promise<void>((wake) => sleeps.add({ atMs: nowMs + ms, wake })),
  }
  const settle = async () => {
    for (let i = 0; i < 100; i++) await new Promise(setImmediate)
  }
  return {
    /** Work takes so long. */
    work(ms: number) {
      nowMs += ms
    },
    pace: createFairPace({ clock, signal: new AbortController().signal }),
    settle,
    async pass(ms: number) {
      for (const endMs = nowMs + ms; nowMs < endMs; ) {
        nowMs += 1
        for (const sleep of sleeps)
          if (sleep.atMs <= nowMs) {
            sleeps.delete(sleep)
            sleep.wake()
            await settle()
          }
      }
    },
  }
}

/** Asks for turns without end, works in each of them, and counts those that it gets. */
function flood({ pace }: ReturnType<typeof start>, namespace: string, microseconds: number) {
  const counts = { turns: 0 }
  const run = async () => {
    for (;;) {
      await pace.awaitTurn(namespace)
      pace.charge(namespace, microseconds)
      counts.turns++
      await new Promise(setImmediate)
    }
  }
  void run()
  return counts
}

t.test('namespaces that flood share a quarter of the time, and others don’t wait', async (t) => {
  const started = start()
  const floods = ['a', 'b', 'c'].map((name) => flood(started, name, 10_000))
  await started.settle()
  await started.pass(500)
  const before = floods.map(({ turns }) => turns)
  let isDone = false
  void started.pace.awaitTurn('quiet').then(() => {
    isDone = true
  })
  await started.settle()
  t.ok(isDone, 'it has its allowance')
  await started.pass(6_000)
  const turns = floods.map(({ turns }, index) => turns - (before[index] ?? 0))
  const all = turns.reduce((sum, count) => sum + count, 0)
  // Each turn takes 10 ms: a quarter of the time, and one hundredth of it for each.
  t.ok(all >= 145 && all <= 175, `${all} turns`)
  for (const count of turns) t.ok(Math.abs(count - all / 3) < 10, `${turns}`)
})

t.test('an allowance grows again, up to a bound', async (t) => {
  const { pace, settle, pass } = start()
  let turns = 0
  const ask = async () => {
    await pace.awaitTurn('a')
    pace.charge('a', 10_000)
    turns++
  }
  pace.charge('a', 300_000)
  void ask()
  await settle()
  t.equal(turns, 1, 'nothing is to be paid for')
  void ask()
  await settle()
  t.equal(turns, 1)
  await pass(41)
  t.equal(turns, 2)
  await pass(100_000)
  for (let i = 0; i < 40; i++) {
    void ask()
    await settle()
  }
  t.equal(turns, 33, 'as many as the allowance covers, and one that has nothing to pay for')
})

t.test('namespaces take turns in the line, however much one of them has waiting', async (t) => {
  const { pace, settle, pass } = start()
  const order: string[] = []
  const wait = async (namespace: string) => {
    await pace.awaitLine(namespace)
    pace.charge(namespace, 10_000)
    order.push(namespace)
  }
  for (const namespace of ['evil', 'shop']) pace.charge(namespace, 310_000)
  for (let i = 0; i < 100; i++) void wait('evil')
  void wait('shop')
  void wait('shop')
  await settle()
  t.strictSame(order, [])
  // Each pays for 10 ms, which take 40 in the line.
  await pass(160)
  t.strictSame(order, ['evil', 'evil', 'shop', 'evil'])
})

t.test('each piece of work is paid for before the next one, however many wait', async (t) => {
  const { pace, settle, pass } = start()
  let turns = 0
  pace.charge('a', 300_000)
  for (let i = 0; i < 10; i++)
    void pace.awaitTurn('a').then(() => {
      pace.charge('a', 10_000)
      turns++
    })
  await settle()
  t.equal(turns, 1)
  await pass(81)
  t.equal(turns, 3)
})

t.test('who has much to pay for lets others go first', async (t) => {
  const { pace, settle, pass } = start()
  const order: string[] = []
  const wait = (namespace: string) =>
    void pace.awaitTurn(namespace).then(() => order.push(namespace))
  pace.charge('evil', 800_000)
  pace.charge('shop', 300_000)
  wait('evil')
  wait('shop')
  await settle()
  await pass(200)
  t.strictSame(order, ['shop'])
  // It pays for 500 ms, which take 2 s in the line. Meanwhile, its allowance grows.
  await pass(1_700)
  t.strictSame(order, ['shop'])
  await pass(200)
  t.strictSame(order, ['shop', 'evil'])
})

t.test('nobody has to pay for hours, as after a suspension of the machine', async (t) => {
  const { pace, settle, pass } = start()
  pace.charge('shop', 3_600_000_000)
  let isDone = false
  void pace.awaitTurn('shop').then(() => {
    isDone = true
  })
  await settle()
  await pass(8_000)
  t.ok(isDone)
})

t.test('namespaces take turns in the slices, and each slice is a turn of its own', async (t) => {
  const { pace, settle } = start()
  const order: string[] = []
  const wait = (namespace: string) =>
    void pace.awaitSlice(namespace).then(() => order.push(namespace))
  for (let i = 0; i < 40; i++) wait('evil')
  wait('shop')
  let turns = 0
  let mostAhead = 0
  while (order.length < 41 && turns < 200) {
    await new Promise(setImmediate)
    turns++
    mostAhead = Math.max(mostAhead, order.length - turns)
  }
  await settle()
  t.equal(order.length, 41)
  t.ok(order.indexOf('shop') <= 2, `it came as number ${order.indexOf('shop')}`)
  t.equal(mostAhead, 0, 'no turn had two')
})

t.test('what is done in a slice is measured and charged', async (t) => {
  const { pace, settle, work } = start()
  const takeSlice = async (namespace: string) => {
    await pace.awaitSlice(namespace)
    work(100)
    await Promise.resolve()
    work(100)
    await new Promise(setImmediate)
    // Nobody knows who works now.
    work(1_000)
  }
  void takeSlice('a')
  void takeSlice('b')
  await settle()
  t.ok(pace.hasAllowance('a'))
  t.ok(pace.hasAllowance('b'))
  void takeSlice('a')
  await settle()
  t.notOk(pace.hasAllowance('a'))
  t.ok(pace.hasAllowance('b'))
})

t.test('work that is measured already isn’t charged twice', async (t) => {
  const { pace, settle, work } = start()
  await pace.awaitSlice('a')
  pace.timeTurn('a')
  pace.timeTurn('b')
  work(200)
  await settle()
  t.ok(pace.hasAllowance('a'))
  pace.timeTurn('a')
  work(150)
  await settle()
  t.notOk(pace.hasAllowance('a'))
  t.ok(pace.hasAllowance('b'))
})
