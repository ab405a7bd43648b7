import fc from 'fast-check'
import t from 'tap'
import { type Caller, createFairQueue } from '../../../lib/fair/fair-queue.ts'
import { numRuns } from '../../support/property-runs.ts'

interface Item {
  readonly caller: Caller
  readonly name: string
}

function queueOf(...items: readonly Item[]) {
  const queue = createFairQueue<Item>()
  for (const item of items) queue.push(item.caller, item)
  return queue
}

const item = (address: string, namespace: string, name: string): Item => ({
  caller: { address, namespace },
  name,
})

function drain(queue: ReturnType<typeof queueOf>): readonly string[] {
  const names: string[] = []
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) names.push(next.name)
  return names
}

t.test('addresses take turns, and the namespaces of each', async (t) => {
  const queue = queueOf(
    ...['1', '2', '3', '4'].map((n) => item('evil', `forged-${n}`, `evil ${n}`)),
    item('api', 'a', 'a 1'),
    item('api', 'a', 'a 2'),
    item('api', 'b', 'b 1'),
  )
  t.equal(queue.size, 7)
  t.strictSame(drain(queue), ['evil 1', 'a 1', 'evil 2', 'b 1', 'evil 3', 'a 2', 'evil 4'])
  t.equal(queue.size, 0)
})

t.test('a caller that comes back goes to the end of the fair queue', async (t) => {
  const queue = queueOf(item('x', '', 'x 1'), item('y', '', 'y 1'))
  t.equal(queue.shift()?.name, 'x 1')
  queue.push({ address: 'x', namespace: '' }, item('x', '', 'x 2'))
  t.strictSame(drain(queue), ['y 1', 'x 2'])
})

t.test('the fair queue loses nothing, and keeps the order of each caller’s items', async () => {
  const items = fc.array(
    fc.record({
      address: fc.constantFrom('x', 'y', 'z'),
      namespace: fc.constantFrom('', 'a', 'b'),
    }),
  )
  fc.assert(
    fc.property(items, (callers) => {
      const all = callers.map(({ address, namespace }, i) => item(address, namespace, `${i}`))
      const drained = drain(queueOf(...all)).map(Number)
      const isInOrder = all.every(({ caller }) => {
        const own = drained.filter(
          (n) =>
            all[n]?.caller.address === caller.address &&
            all[n]?.caller.namespace === caller.namespace,
        )
        return own.every((n, i) => i === 0 || n > (own[i - 1] ?? 0))
      })
      return drained.length === all.length && new Set(drained).size === all.length && isInOrder
    }),
    { numRuns },
  )
})

t.test('however many items one address adds, another waits for one of them', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(20), (count, namespaces) => {
      const flood = Array.from({ length: count }, (_, i) =>
        item('evil', `n${i % (namespaces + 1)}`, `evil ${i}`),
      )
      return drain(queueOf(...flood, item('api', 'shop', 'honest'))).indexOf('honest') <= 1
    }),
    { numRuns },
  )
})

t.test('a namespace that isn’t accepted keeps its place', async (t) => {
  const queue = queueOf(item('x', 'a', 'a 1'), item('x', 'b', 'b 1'), item('x', 'a', 'a 2'))
  const isOfB = ({ caller }: Item) => caller.namespace === 'b'
  t.equal(queue.shift({ accepts: isOfB })?.name, 'b 1')
  t.equal(queue.shift({ accepts: isOfB }), undefined)
  t.strictSame(drain(queue), ['a 1', 'a 2'])
})

t.test('the namespaces of an address without room aren’t asked, and keep their places', (t) => {
  const namespaces = Array.from({ length: 2_000 }, (_, n) => `${n}`)
  const queue = queueOf(
    ...namespaces.map((namespace) => item('full', namespace, namespace)),
    item('free', 'a', 'a 1'),
  )
  const asked: string[] = []
  const shift = () =>
    queue.shift({
      hasRoom: (address) => address !== 'full',
      accepts: ({ name }) => asked.push(name) > 0,
    })
  t.equal(shift()?.name, 'a 1')
  t.equal(shift(), undefined)
  t.strictSame(asked, ['a 1'])
  t.strictSame(drain(queue), namespaces)
  t.end()
})

t.test('an item can be removed', async (t) => {
  const [first, second] = [item('x', 'a', 'a 1'), item('x', 'b', 'b 1')]
  const queue = queueOf(first, second)
  queue.remove(first.caller, first)
  queue.remove(first.caller, first)
  queue.remove({ address: 'y', namespace: '' }, second)
  t.equal(queue.size, 1)
  t.strictSame(drain(queue), ['b 1'])
})
