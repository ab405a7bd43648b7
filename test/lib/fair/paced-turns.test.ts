import t from 'tap'
import { createPacedTurns } from '../../../lib/fair/paced-turns.ts'

/** An event loop whose time the test makes, and work that takes some of it. */
function simulate({ leastMs = 0, hasRoom = (_address: string): boolean => true } = {}) {
  let nowMs = 0
  const done: string[] = []
  let ticks: (() => void)[] = []
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  const turns = createPacedTurns({
    ...{ leastMs, hasRoom },
    elapsedMs: () => nowMs,
    afterWork: (callback) => ticks.push(callback),
    wait: (ms, callback) => timers.add({ atMs: nowMs + ms, callback }),
  })
  function runTicks(): void {
    for (; ticks.length > 0; ) {
      const due = ticks
      ticks = []
      for (const callback of due) callback()
    }
  }
  /** The callbacks that are due now. Those that they add come in the next turn. */
  function turn(): void {
    for (const timer of [...timers].filter(({ atMs }) => atMs <= nowMs)) {
      timers.delete(timer)
      timer.callback()
      runTicks()
    }
  }
  function take(name: string, ms: number, address: string) {
    const caller = { address, namespace: '' }
    // As a handshake does, it leaves the expensive part to the next tick.
    const work = () => {
      done.push(name)
      ticks.push(() => {
        nowMs += ms
      })
    }
    turns.take(caller, work)
    runTicks()
    return { leave: () => turns.leave(caller, work) }
  }
  return {
    done,
    take,
    turn,
    elapsedMs: () => nowMs,
    isIdle: () => timers.size === 0,
    /** Lets time pass in which the event loop does other things, for half a millisecond in each turn. */
    pass(ms: number): void {
      for (const endMs = nowMs + ms; nowMs < endMs; turn()) nowMs += 0.5
    },
  }
}

t.test(
  'work that finds nothing waiting runs at once, after a quiet time up to 50 ms',
  async (t) => {
    const { take, done, pass, elapsedMs } = simulate()
    for (const quietMs of [0, 1_000]) {
      pass(quietMs)
      const before = done.length
      const startMs = elapsedMs()
      for (let i = 0; i < 60; i++) take('x', 1, '10.0.0.1')
      t.equal(elapsedMs() - startMs, 51, 'all of it without a break')
      t.equal(done.length - before, 51)
      pass(100)
      t.equal(done.length - before, 60, 'and then the rest')
    }
  },
)

t.test('while work waits, it takes half of the time', async (t) => {
  const { take, done, pass, elapsedMs } = simulate()
  for (let i = 0; i < 5_000; i++) take('x', 1, '10.0.0.1')
  pass(2_000)
  const workMs = done.length
  const halfMs = elapsedMs() / 2
  t.ok(workMs <= halfMs + 51, `${workMs} of ${elapsedMs()} ms`)
  t.ok(workMs >= halfMs - 51, `${workMs} of ${elapsedMs()} ms`)
})

t.test('work that looks cheap counts the least time', async (t) => {
  const { take, done, pass, elapsedMs } = simulate({ leastMs: 1 })
  for (let i = 0; i < 5_000; i++) take('x', 0.25, '10.0.0.1')
  pass(2_000)
  t.ok(done.length <= elapsedMs() / 2 + 51, `${done.length} in ${elapsedMs()} ms`)
})

t.test('addresses take turns', async (t) => {
  const { take, done, pass, isIdle } = simulate()
  for (let i = 0; i < 1_000; i++) take('many', 1, '10.0.0.1')
  const before = done.length
  take('one', 1, '10.0.0.2')
  take('other', 1, '10.0.0.3')
  pass(20)
  t.strictSame(done.slice(before, before + 4), ['many', 'one', 'other', 'many'])
  pass(10_000)
  t.equal(done.length, 1_002)
  t.ok(isIdle(), 'and then nothing is left to wait for')
})

t.test('the event loop turns between two pieces of work that waited', async (t) => {
  const { take, done, turn, pass } = simulate()
  for (let i = 0; i < 60; i++) take('x', 1, '10.0.0.1')
  pass(1_000)
  // The first one takes long enough that the others have to wait for it.
  take('long', 49, '10.0.0.1')
  for (const name of ['a', 'b', 'c']) take(name, 1, '10.0.0.1')
  pass(100)
  const before = done.length
  for (const [i] of ['a', 'b'].entries()) {
    turn()
    t.ok(done.length - before <= i + 1)
  }
})

t.test('a pause of the whole process isn’t counted as work', async (t) => {
  const { take, done, pass, elapsedMs } = simulate()
  take('paused', 60_000, '10.0.0.1')
  const startMs = elapsedMs()
  take('next', 1, '10.0.0.2')
  pass(100)
  t.strictSame(done, ['paused', 'next'])
  t.ok(elapsedMs() - startMs < 200)
})

t.test('work that leaves the queue never runs, and nobody waits for it', async (t) => {
  const { take, done, pass, isIdle } = simulate()
  for (let i = 0; i < 51; i++) take('x', 1, '10.0.0.1')
  const left = take('left', 1, '10.0.0.1')
  take('stays', 1, '10.0.0.2')
  left.leave()
  pass(100)
  t.strictSame(done.slice(51), ['stays'])
  left.leave()
  t.ok(isIdle())
})

t.test('work that throws doesn’t end the turns', async (t) => {
  const turns = createPacedTurns({ leastMs: 1, elapsedMs: () => 0 })
  const caller = { address: '10.0.0.1', namespace: '' }
  t.throws(() =>
    turns.take(caller, () => {
      throw new Error('expected')
    }),
  )
  await new Promise<void>((resolve) => turns.take(caller, resolve))
})

t.test('the work of an address without room waits until it has some', async (t) => {
  const full = new Set(['full'])
  let asked = 0
  const hasRoom = (address: string) => {
    asked++
    return !full.has(address)
  }
  const { take, done, pass, isIdle } = simulate({ hasRoom })
  for (const name of ['a', 'b']) take(name, 1, 'full')
  t.strictSame(done, [])
  take('other', 1, '10.0.0.1')
  pass(20)
  t.strictSame(done, ['other'], 'others pass it')
  asked = 0
  pass(1_000)
  t.ok(asked <= 101, `it was asked ${asked} times in a second`)
  t.strictSame(done, ['other'])
  full.clear()
  pass(20)
  t.strictSame(done, ['other', 'a', 'b'])
  t.ok(isIdle())
})
