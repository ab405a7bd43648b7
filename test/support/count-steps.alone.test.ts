import t from 'tap'
import { countSteps } from './count-steps.ts'

function loop(rounds: number): number {
  let sum = 0
  for (let i = 0; i < rounds; i++) sum += i
  return sum
}

t.test('counts each round of a loop, and the same each time', async (t) => {
  const few = countSteps(() => loop(1_000)).steps
  const many = countSteps(() => loop(100_000))
  t.equal(many.value, loop(100_000))
  t.ok(few >= 1_000 && few < 2_000, `${few}`)
  t.equal(many.steps - few, 99_000)
  for (let i = 0; i < 100; i++) t.equal(countSteps(() => loop(1_000)).steps, few)
})

t.test('counts in what the work calls', async (t) => {
  const { steps } = countSteps(() => ['a', 'b', 'c'].map(() => loop(1_000)))
  t.ok(steps >= 3_000 && steps < 4_000, `${steps}`)
})
