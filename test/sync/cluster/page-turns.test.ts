import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { createTurns } from '../../../sync/cluster/page-turns.ts'

t.test('at most so many tasks run at once, in their order, also if some fail', async (t) => {
  const inTurn = createTurns(2)
  const begun: number[] = []
  let running = 0
  const results = await Promise.allSettled(
    Array.from({ length: 6 }, (_, i) =>
      inTurn(async () => {
        begun.push(i)
        running += 1
        t.ok(running <= 2)
        await setImmediate()
        running -= 1
        if (i % 2 === 1) throw new Error('it failed')
        return i
      }),
    ),
  )
  t.strictSame(begun, [0, 1, 2, 3, 4, 5])
  t.strictSame(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'],
  )
  t.equal(await inTurn(async () => 'one more'), 'one more')
})
