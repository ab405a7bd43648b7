import fc from 'fast-check'
import t from 'tap'
import { BackOff } from '../../../keyvault/readers/back-off.ts'
import { createRandom } from '../../support/create-random.ts'
import { numRuns } from '../../support/property-runs.ts'

/** One pod, with a clock of its own. */
function createPod(random: () => number) {
  let nowMs = 0
  const backOff = new BackOff({ now: () => nowMs, random })
  return {
    now: () => nowMs,
    pass(ms: number): void {
      nowMs += ms
    },
    answer: () => backOff.recordAnswer(),
    /** Refuses the pod, and lets its pause pass. Returns how long that took. */
    refuse(retryAfterMs = 0): number {
      const refusedAtMs = nowMs
      nowMs = backOff.recordRefusal(retryAfterMs)
      return nowMs - refusedAtMs
    },
  }
}

const pods = (count: number) =>
  Array.from({ length: count }, (_, seed) => createPod(createRandom(seed)))

const seed = fc.integer({ min: 0, max: 2 ** 32 - 1 })
/** Chance at its ends, too. */
const random = fc.oneof(
  seed.map(createRandom),
  fc.constantFrom(0, 0.5, 1 - 2 ** -32).map((value) => () => value),
)
/** An answer that takes some time, or a refusal with a `Retry-After`. */
const step = fc.record({ isAnswer: fc.boolean(), ms: fc.nat(600_000) })

t.test('no pause is shorter than Retry-After or 10 s, or keeps a pod out for long', async (t) => {
  const holds = (random: () => number, steps: readonly { isAnswer: boolean; ms: number }[]) => {
    const { pass, answer, refuse } = createPod(random)
    return steps.every(({ isAnswer, ms }) => {
      if (isAnswer) {
        pass(ms)
        answer()
        return true
      }
      const pauseMs = refuse(ms)
      return pauseMs >= Math.max(ms, 10_000) && pauseMs <= Math.max(ms, 340_000) + 11_000
    })
  }
  t.doesNotThrow(() =>
    fc.assert(fc.property(random, fc.array(step, { maxLength: 60 }), holds), { numRuns }),
  )
})

t.test('a pod that is refused all the time tries often enough, and not too often', async (t) => {
  const tries = (random: () => number, untilMs: number) => {
    const { now, refuse } = createPod(random)
    let count = 0
    for (; now() <= untilMs; count++) refuse()
    return count
  }
  const holds = (random: () => number) => {
    const inTenMinutes = tries(random, 600_000)
    return inTenMinutes >= 7 && inTenMinutes <= 13 && tries(random, 3_600_000) <= 55
  }
  t.doesNotThrow(() => fc.assert(fc.property(random, holds), { numRuns }))
})

t.test('after an answer, the next pause is a short one again', async (t) => {
  const holds = (random: () => number, refusals: number) => {
    const { answer, refuse } = createPod(random)
    for (let i = 0; i < refusals; i++) refuse()
    answer()
    return refuse() <= 32_000
  }
  t.doesNotThrow(() => fc.assert(fc.property(random, fc.nat(50), holds), { numRuns }))
})

t.test('pods that are refused together do not return together', async (t) => {
  for (const retryAfterMs of [0, 60_000]) {
    const all = pods(1_000)
    /** The most of the pods in one second. */
    const most = () => {
      const bySecond = Map.groupBy(all, ({ now }) => Math.floor(now() / 1000))
      return Math.max(...[...bySecond.values()].map(({ length }) => length))
    }
    for (const { refuse } of all) refuse(retryAfterMs)
    t.ok(most() < 150, `${most()} return in one second`)
    for (let pause = 2; pause <= 12; pause++) {
      for (const { refuse } of all) refuse(retryAfterMs)
      t.ok(most() < 150, `${most()} return in one second after pause ${pause}`)
    }
    for (const { answer, refuse } of all) {
      answer()
      refuse(retryAfterMs)
    }
    t.ok(most() < 150, `${most()} return in one second after an answer`)
  }
})

t.test('pods that were answered at the same time do not return at the same time', async (t) => {
  const all = pods(1_000)
  for (const { now, pass, answer, refuse } of all) {
    refuse()
    pass(60_000 - now())
    answer()
    pass(50)
    refuse()
  }
  const byMoment = Map.groupBy(all, ({ now }) => Math.floor(now() / 100))
  const most = Math.max(...[...byMoment.values()].map(({ length }) => length))
  t.ok(most < 300, `${most} return in a tenth of a second`)
})

t.test(
  'a pod finds the part of each window in which a vault answers, and returns to it',
  async (t) => {
    const isOpen = (nowMs: number, fromMs: number) => (nowMs - fromMs + 10_000) % 10_000 < 4_000
    let refusals = 0
    let returns = 0
    for (const [index, { now, pass, answer, refuse }] of pods(500).entries()) {
      const fromMs = index * 20
      let inARow = 0
      for (let answers = 0; answers < 5; ) {
        const hasAnswered = inARow === 0 && answers > 0
        inARow++
        refusals++
        refuse()
        if (!isOpen(now(), fromMs)) continue
        if (hasAnswered) returns++
        t.ok(inARow <= 6, `${inARow} refusals in a row`)
        inARow = 0
        answers++
        answer()
        // Then the other client has used up the limit.
        while (isOpen(now(), fromMs)) pass(50)
      }
    }
    t.ok(returns > 0.8 * 500 * 4, `${returns} of ${500 * 4} returned to where they were answered`)
    t.ok(refusals < 2 * 500 * 5, `${refusals} refusals`)
  },
)

t.test('a pod that a burst refuses is up soon after it', async (t) => {
  for (const [burstSeconds, meanSeconds] of [
    [5, 20],
    [20, 30],
    [60, 45],
    [300, 60],
  ] as const) {
    const all = pods(300)
    for (const { now, refuse } of all) while (now() < burstSeconds * 1000) refuse()
    const waitedMs = all.reduce((sum, { now }) => sum + now(), 0) / all.length
    const seconds = waitedMs / 1000 - burstSeconds
    t.ok(seconds <= meanSeconds, `${seconds} s after ${burstSeconds} s`)
  }
})
