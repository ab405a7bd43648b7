import t from 'tap'
import { createTurns } from '../../../webhook/sharing/turns.ts'

const caller = { address: '10.0.0.1', namespace: '' }

/** An event loop whose turns the test makes, and work that takes a while. */
function simulate() {
  let nowMs = 0
  let callbacks: (() => void)[] = []
  const done: string[] = []
  const takeTurn = createTurns({
    elapsedMs: () => nowMs,
    nextTurn: (callback) => callbacks.push(callback),
  })
  return {
    takeTurn,
    done,
    work: (name: string, ms: number, from = caller) =>
      takeTurn(from, () => {
        nowMs += ms
        done.push(name)
      }),
    turn() {
      const due = callbacks
      callbacks = []
      for (const callback of due) callback()
      return due.length
    },
  }
}

t.test('work that finds nothing waiting runs at once', async (t) => {
  const { work, turn, done } = simulate()
  work('a', 0.2)
  t.strictSame(done, ['a'])
  turn()
  work('b', 0.2)
  t.strictSame(done, ['a', 'b'])
})

t.test('cheap pieces of work run in one turn, until they have taken a millisecond', async (t) => {
  const { work, turn, done } = simulate()
  for (let i = 0; i < 12; i++) work(`${i}`, 0.25)
  const counts = [done.length]
  for (let i = 0; i < 3; i++) {
    turn()
    counts.push(done.length)
  }
  t.strictSame(counts, [4, 8, 12, 12])
  t.strictSame(
    done,
    Array.from({ length: 12 }, (_, i) => `${i}`),
    'in the order of their arrival',
  )
  t.equal(turn(), 0, 'and then the loop may sleep')
})

t.test('the sum counts, not the single piece of work', async (t) => {
  const { work, turn, done } = simulate()
  for (const name of ['a', 'b', 'c', 'd']) work(name, 0.75)
  t.strictSame(done, ['a', 'b'])
  turn()
  t.strictSame(done, ['a', 'b', 'c'], 'half a millisecond more than a turn is carried over')
  turn()
  t.strictSame(done, ['a', 'b', 'c', 'd'])
})

t.test('a new turn begins without the costs of the one before', async (t) => {
  const { work, turn, done } = simulate()
  for (let i = 0; i < 100; i++) {
    work(`${i}`, 0.875)
    t.equal(done.length, i + 1)
    turn()
  }
})

t.test('after work of several milliseconds, the loop turns as often', async (t) => {
  const { work, turn, done } = simulate()
  work('long', 20)
  work('next', 0.2)
  for (let i = 0; i < 19; i++) turn()
  t.strictSame(done, ['long'])
  turn()
  t.strictSame(done, ['long', 'next'])
})

t.test('work that throws does not stop the others', async (t) => {
  const { takeTurn, work, turn, done } = simulate()
  t.throws(() =>
    takeTurn(caller, () => {
      throw new Error('failed')
    }),
  )
  work('next', 0)
  turn()
  t.strictSame(done, ['next'])
})

t.test('a caller with much waiting work doesn’t delay others', async (t) => {
  const { work, turn, done } = simulate()
  for (let i = 0; i < 50; i++) work('flood', 1)
  work('other address', 1, { ...caller, address: '10.0.0.2' })
  work('other namespace', 1, { ...caller, namespace: 'shop' })
  for (let i = 0; i < 4; i++) turn()
  t.ok(done.includes('other address') && done.includes('other namespace'), done.join())
})
