import t from 'tap'
import { handTime, takeTime } from '../../lib/handed-time.ts'
import { clockTimes } from '../support/clock-times.ts'

const hourMs = 3_600_000
const steps = [-10 * 60_000, -1, 0, 1, 10 * hourMs]

t.test('within a boot, a step of the wall clock doesn’t change how old something is', async (t) => {
  for (const beforeMs of steps)
    for (const afterMs of steps) {
      let nowMs = hourMs
      const clock = clockTimes(() => nowMs)
      clock.step(beforeMs)
      const handed = handTime(nowMs - 5_000, clock)
      t.equal(handed.wallMs, clock.wallTime() - 5_000)
      clock.step(afterMs)
      nowMs += 60_000
      t.equal(takeTime(JSON.parse(JSON.stringify(handed)), clock), nowMs - 65_000)
    }
})

t.test('after another boot, or without one, the wall time says how old it is', async (t) => {
  const clock = clockTimes(() => 5_000)
  const wallMs = clock.wallTime() - hourMs
  for (const boot of [
    { id: 'another boot', ms: 4_000 },
    { id: '', ms: 4_000 },
    { id: 'a boot', ms: 5_001 },
    undefined,
  ])
    t.equal(takeTime({ wallMs, ...(boot && { boot }) }, clock), 5_000 - hourMs)
  const ahead = { wallMs: clock.wallTime() + hourMs }
  t.equal(takeTime(ahead, clock), 5_000, 'never in the future')
  const silent = { ...clock, bootId: () => undefined }
  t.strictSame(handTime(4_000, silent), { wallMs: clock.wallTime() - 1_000 })
  t.equal(takeTime({ wallMs, boot: { id: 'a boot', ms: 1 } }, silent), 5_000 - hourMs)
})
