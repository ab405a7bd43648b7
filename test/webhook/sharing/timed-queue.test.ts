import fc from 'fast-check'
import t from 'tap'
import type { Caller } from '../../../lib/fair/fair-queue.ts'
import { TimedQueue } from '../../../webhook/sharing/timed-queue.ts'
import { numRuns } from '../../support/property-runs.ts'

interface Work {
  readonly caller: Caller
  readonly ms: number
}

const work = (address: string, namespace: string, ms: number): Work => ({
  caller: { address, namespace },
  ms,
})

const queueOf = (...works: readonly Work[]) => {
  const queue = new TimedQueue<Work>()
  for (const one of works) queue.push(one.caller, one)
  return queue
}

/** Serves the next piece of work. */
function serve(queue: TimedQueue<Work>): Work | undefined {
  const next = queue.shift()
  if (next === undefined) return undefined
  queue.charge(next.caller, next.ms)
  return next
}

t.test('cheap work doesn’t wait for a piece of everybody’s expensive work', async (t) => {
  const queue = queueOf(...[4, 5, 6, 7].map((ms) => work(`expensive ${ms}`, '', ms)))
  const cheap = work('cheap', '', 0.1)
  const serveOne = () => {
    const next = serve(queue)
    if (next !== undefined && next !== cheap) queue.push(next.caller, next)
    return next
  }
  const waits: number[] = []
  for (let i = 0; i < 100; i++) {
    serveOne()
    queue.push(cheap.caller, cheap)
    let others = 0
    while (serveOne() !== cheap) others++
    waits.push(others)
  }
  const sum = waits.reduce((total, others) => total + others, 0)
  t.ok(sum < waits.length, `${waits.join()}; in turns, it would be four each time`)
})

t.test('the namespaces of an address share its time in the same way', async (t) => {
  const queue = queueOf(work('api', 'large', 5), work('api', 'large', 5), work('api', 'small', 0.1))
  for (let i = 0; i < 4; i++)
    queue.push({ address: 'api', namespace: 'small' }, work('api', 'small', 0.1))
  const served = Array.from({ length: 7 }, () => serve(queue)?.caller.namespace)
  t.strictSame(served, ['large', 'small', 'small', 'small', 'small', 'small', 'large'])
})

t.test('forged namespaces give an address no more time', async (t) => {
  const queue = queueOf(...Array.from({ length: 1_000 }, (_, i) => work('evil', `forged-${i}`, 1)))
  for (let i = 0; i < 10; i++) queue.push({ address: 'api', namespace: 'a' }, work('api', 'a', 1))
  const served = Array.from({ length: 20 }, () => serve(queue)?.caller.address)
  t.equal(served.filter((address) => address === 'api').length, 10)
})

t.test('a pause earns nothing', async (t) => {
  const queue = queueOf()
  queue.charge({ address: 'idle', namespace: '' }, 1)
  for (let i = 0; i < 100; i++) queue.charge({ address: 'busy', namespace: '' }, 1)
  for (let i = 0; i < 10; i++)
    for (const address of ['busy', 'idle'])
      queue.push({ address, namespace: '' }, work(address, '', 1))
  const served = Array.from({ length: 10 }, () => serve(queue)?.caller.address)
  t.ok(served.filter((address) => address === 'busy').length >= 4, served.join())
})

t.test('work that takes no time by the clock doesn’t keep others waiting', async (t) => {
  const queue = queueOf(work('b', '', 1))
  for (let i = 0; i < 10; i++) queue.push({ address: 'a', namespace: '' }, work('a', '', 0))
  const served = Array.from({ length: 3 }, () => serve(queue)?.caller.address)
  t.ok(served.includes('b'), served.join())
})

const callers = fc.record({
  address: fc.constantFrom('x', 'y', 'z'),
  namespace: fc.constantFrom('', 'a', 'b'),
})
const works = fc.array(fc.record({ caller: callers, ms: fc.nat(20) }))

t.test('the queue loses nothing, and keeps the order of each caller’s work', async () => {
  fc.assert(
    fc.property(works, fc.nat(300), (all, others) => {
      const queue = queueOf(...all)
      // So many that it forgets what some of them have taken.
      for (let i = 0; i < others; i++) queue.charge({ address: `${i}`, namespace: '' }, 1)
      const served: Work[] = []
      for (let next = serve(queue); next !== undefined; next = serve(queue)) served.push(next)
      const of = (list: readonly Work[], { address, namespace }: Caller) =>
        list.filter(({ caller }) => caller.address === address && caller.namespace === namespace)
      return (
        served.length === all.length &&
        queue.size === 0 &&
        all.every(({ caller }) => of(all, caller).every((one, i) => of(served, caller)[i] === one))
      )
    }),
    { numRuns },
  )
})

t.test('addresses that always have work get the same time, whatever a piece takes', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 8 }),
      (costs) => {
        const endless = costs.map((ms, i) => work(`${i}`, '', ms))
        const queue = queueOf(...endless)
        const takenMs = costs.map(() => 0)
        for (let i = 0; i < 500; i++) {
          const next = serve(queue)
          if (next === undefined) return false
          takenMs[endless.indexOf(next)] = (takenMs[endless.indexOf(next)] ?? 0) + next.ms
          queue.push(next.caller, next)
        }
        return Math.max(...takenMs) - Math.min(...takenMs) <= Math.max(...costs)
      },
    ),
    { numRuns },
  )
})
