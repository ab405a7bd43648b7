import t from 'tap'
import { createByteBudget } from '../../../webhook/sharing/byte-budget.ts'

/** A budget of 10 bytes, a clock to set, and the names of the shares that had to give way. */
function testBudget() {
  let nowMs = 0
  const ended: string[] = []
  const budget = createByteBudget({ maxBytes: 10, elapsedMs: () => nowMs })
  return {
    ended,
    at: (ms: number) => {
      nowMs = ms
    },
    take: (name: string, address: string, bytes: number, namespace = 'shop') =>
      budget.take({ caller: { address, namespace }, bytes, end: () => ended.push(name) }),
  }
}

t.test('one address may hold all bytes while no other needs them', async (t) => {
  const { take, ended } = testBudget()
  t.ok(take('a', '10.0.0.1', 6))
  t.ok(take('b', '10.0.0.1', 4))
  t.notOk(take('c', '10.0.0.1', 1), 'and cannot have more')
  t.strictSame(ended, [])
})

t.test('bytes that are returned to the budget can be taken again, once', async (t) => {
  const { take } = testBudget()
  const share = take('a', '10.0.0.1', 10)
  share?.release()
  share?.release()
  t.ok(take('b', '10.0.0.1', 10))
  t.notOk(take('c', '10.0.0.1', 10))
})

t.test('the address that holds the most gives way to one that holds less', async (t) => {
  const { take, ended } = testBudget()
  take('small', '10.0.0.3', 1)
  take('oldest', '10.0.0.2', 3)
  take('older', '10.0.0.2', 3)
  take('newest', '10.0.0.2', 3)
  t.ok(take('a', '10.0.0.1', 4))
  t.strictSame(ended, ['oldest', 'older'])
  t.notOk(take('b', '10.0.0.1', 4), 'it would hold the most then')
  t.strictSame(ended, ['oldest', 'older'])
})

t.test('shares held for two seconds give way to anybody', async (t) => {
  const { take, ended, at } = testBudget()
  take('older', '10.0.0.1', 5)
  at(1)
  take('newer', '10.0.0.1', 5)
  at(1_999)
  t.notOk(take('a', '10.0.0.1', 5))
  at(2_000)
  t.ok(take('b', '10.0.0.1', 5))
  t.strictSame(ended, ['older'])
})

t.test('a share that can never fit is refused', async (t) => {
  const { take } = testBudget()
  t.notOk(take('a', '10.0.0.1', 11))
})

t.test('among shares of one address, the namespace that holds the most loses one', async (t) => {
  const { take, ended } = testBudget()
  take('oldest', '10.0.0.1', 4, 'a')
  take('newest', '10.0.0.1', 4, 'a')
  take('small', '10.0.0.1', 2, 'b')
  t.ok(take('c', '10.0.0.1', 3, 'c'))
  t.strictSame(ended, ['oldest'])
  t.notOk(take('d', '10.0.0.1', 4, 'd'), 'it would hold as much as the largest then')
  t.strictSame(ended, ['oldest'])
})

t.test('a forged namespace takes nothing from other addresses', async (t) => {
  const { take, ended } = testBudget()
  take('honest', '10.0.0.1', 4, 'shop')
  for (let i = 0; i < 20; i++) take(`forged ${i}`, '10.0.0.2', 3, `n${i}`)
  t.notOk(ended.includes('honest'))
})
