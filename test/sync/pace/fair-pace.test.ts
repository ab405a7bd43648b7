import t from 'tap'
import { createFairPace } from '../../../sync/pace/fair-pace.ts'

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

/** Asks for turns without end, and counts those that it gets. */
function flood({ pace }: ReturnType<typeof start>, namespace: string, microseconds: number) {
  const counts = { turns: 0 }
  const run = async () => {
    for (;;) {
      await pace.awaitTurn(namespace, microseconds)
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
  void started.pace.awaitTurn('quiet', 10_000).then(() => {
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
  const started = start()
  const { pace, settle, pass } = started
  await pace.awaitTurn('a', 300_000)
  let turns = 0
  const ask = async () => {
    await pace.awaitTurn('a', 10_000)
    turns++
  }
  void ask()
  await settle()
  t.equal(turns, 1, 'the line is empty')
  void ask()
  await settle()
  t.equal(turns, 1, 'it rests')
  await pass(40)
  t.equal(turns, 2)
  await pass(100_000)
  for (let i = 0; i < 30; i++) void ask()
  await settle()
  t.equal(turns, 32, 'as many as the allowance covers')
})

t.test('namespaces take turns in the line, however much one of them has waiting', async (t) => {
  const { pace, settle, pass } = start()
  const order: string[] = []
  const wait = (namespace: string) =>
    void pace.awaitLine(namespace, 10_000).then(() => order.push(namespace))
  for (let i = 0; i < 100; i++) wait('evil')
  wait('shop')
  wait('shop')
  await settle()
  t.strictSame(order, ['evil'])
  // A turn takes 10 ms and a rest of 30 ms.
  await pass(160)
  t.strictSame(order.slice(0, 4), ['evil', 'evil', 'shop', 'evil'])
  t.equal(order.filter((name) => name === 'shop').length, 2)
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

t.test('time that has been spent already is paid for in the line', async (t) => {
  const { pace, settle, pass } = start()
  pace.charge('evil', 400_000)
  t.notOk(pace.takeAllowance('evil', 1))
  t.ok(pace.takeAllowance('shop', 1))
  let turns = 0
  const wait = () => void pace.awaitTurn('evil', 10_000).then(() => turns++)
  for (let i = 0; i < 3; i++) wait()
  await settle()
  t.equal(turns, 1, 'the line was empty')
  // The first turn takes 10 ms and the 100 ms beyond the allowance, and the line rests for three times as long.
  await pass(430)
  t.equal(turns, 1)
  await pass(20)
  t.equal(turns, 2)
  await pass(40)
  t.equal(turns, 3)
})
