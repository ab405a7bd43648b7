import t from 'tap'
import { createCpuBudget } from '../../lib/cpu-budget.ts'

const counted = (microseconds?: number) => {
  let turns = 0
  const budget = createCpuBudget({
    ...(microseconds !== undefined && { microseconds }),
    exhausted: () => new Error('used up'),
    giveWay: async () => {
      turns += 1
    },
  })
  return { budget, turns: () => turns }
}

t.test('work gives way once for each slice that was charged', async (t) => {
  const { budget, turns } = counted()
  await budget.yieldIfDue()
  t.equal(turns(), 0, 'nothing was charged')
  for (let i = 0; i < 100; i++) {
    budget.charge(50)
    await budget.yieldIfDue()
  }
  t.equal(turns(), 25, '5 ms of work in slices of 0.2 ms')
  await budget.yieldNow()
  t.equal(turns(), 26)
})

t.test('work that exceeds the CPU budget is refused, and smaller work still fits', async (t) => {
  const { budget } = counted(1_000)
  budget.charge(600)
  t.throws(() => budget.charge(600), { message: 'used up' })
  budget.charge(400)
  t.throws(() => budget.charge(1), { message: 'used up' })
})

t.test('a CPU budget without a limit refuses nothing', async (t) => {
  t.doesNotThrow(() => createCpuBudget().charge(Number.MAX_SAFE_INTEGER))
  t.throws(() => createCpuBudget({ microseconds: 1 }).charge(2), { name: 'RangeError' })
})
