import t from 'tap'
import type { RulesReview } from '../../../sync/cluster/cluster-port.ts'
import { FairShares } from '../../../sync/memory/fair-shares.ts'
import { createReviewTimes } from '../../../sync/rights/review-times.ts'
import { enabling, nothing, ours, type StartedRights, startRights } from './harness/start-rights.ts'

const namespaces = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `n${i}`)

const withAnswer = (names: readonly string[], answer: RulesReview) =>
  Object.fromEntries(names.map((name) => [name, answer]))

const withoutSecrets: RulesReview = {
  rules: enabling(['web']).rules.filter(({ resources }) => resources[0] !== 'secrets'),
  isIncomplete: false,
}

const stillLost = { change: undefined, state: undefined } as const

/** Takes the rights in a namespace away and waits until that has been noticed. */
async function lose(started: StartedRights, namespace: string, left = nothing): Promise<void> {
  const { answers, enabled, clock, reviews } = started
  answers.set(namespace, left)
  const { length } = reviews
  enabled.forbidden(namespace)
  while (!reviews.includes(namespace, length)) await clock.pass(1_000)
  await clock.pass(0)
}

/** Gives the rights back, and returns after how many seconds they have taken effect. */
async function secondsUntilBack(
  { answers, changes, clock }: StartedRights,
  namespace: string,
): Promise<number> {
  answers.set(namespace, enabling(['web']))
  const { length } = changes
  let seconds = 0
  for (; !changes.includes(namespace, length); seconds++) await clock.pass(1_000)
  return seconds
}

t.test('rights that return take effect within 15 s at first, and then within 35 s', async (t) => {
  for (const left of [nothing, withoutSecrets])
    for (const [awaySeconds, limit] of [
      [0, 15],
      [3, 15],
      [100, 15],
      [150, 35],
      [50 * 60, 35],
    ] as const) {
      const started = await startRights(t, { a: enabling(['web']) })
      await lose(started, 'a', left)
      await started.clock.pass(awaySeconds * 1_000)
      const seconds = await secondsUntilBack(started, 'a')
      t.ok(seconds <= limit, `${seconds} s after ${awaySeconds} s`)
      t.ok(started.enabled.has('a', 'web'))
    }
})

t.test('where rights are back, the namespace begins anew', async (t) => {
  const memory = new FairShares({ maxBytes: 400, namespaces: 1 })
  const started = await startRights(t, { a: enabling(['web']) }, { memory })
  const heldBytes = () => 300 - memory.roomFor('a', 'something else')
  const before = heldBytes()
  await lose(started, 'a', withoutSecrets)
  t.strictSame(started.sizes, [1], 'without some of them, it goes on with what it may do')
  await secondsUntilBack(started, 'a')
  t.strictSame(started.sizes, [1, 0, 1])
  t.equal(heldBytes(), before)
})

t.test('2,000 namespaces that lose their rights together share the reviews', async (t) => {
  const names = namespaces(2_000)
  const started = await startRights(t, withAnswer(names, enabling(['web'])))
  const { answers, enabled, clock, reviews } = started
  for (const name of names) {
    answers.set(name, nothing)
    enabled.forbidden(name)
  }
  // The queue lets a namespace rest after its first review.
  await clock.pass(10_000)
  const perSecond: number[] = []
  const second = async () => {
    const { length } = reviews
    await clock.pass(1_000)
    perSecond.push(reviews.length - length)
  }
  for (let i = 0; i < 120; i++) await second()
  t.equal(ours(started).length, 0)
  for (const name of names) answers.set(name, enabling(['web']))
  let seconds = 0
  for (; ours(started).length < names.length; seconds++) await second()
  t.ok(seconds <= 45, `all are back after ${seconds} s`)
  t.ok(Math.max(...perSecond) <= 51, 'no second has more than fifty')
})

t.test('tenants whose Roles change all day slow down no other', async (t) => {
  let nowMs = 1_000_000
  const times = createReviewTimes({ now: () => nowMs })
  const dueAtMs = new Map(namespaces(2_000).map((name) => [name, nowMs]))
  const lost = { change: 'less', state: undefined } as const
  let reviews = 0
  const second = () => {
    nowMs += 1_000
    for (const [name, atMs] of dueAtMs) {
      if (atMs > nowMs) continue
      reviews += 1
      dueAtMs.set(name, nowMs + (times.next(name, lost) ?? 0))
    }
  }
  for (let i = 0; i < 2 * 60 * 60; i++) second()
  reviews = 0
  let longestMs = 0
  for (let i = 0; i < 24; i++) {
    longestMs = Math.max(longestMs, times.next('a', i === 0 ? lost : stillLost) ?? 0)
    for (let seconds = 0; seconds < 5; seconds++) second()
  }
  t.ok(longestMs <= 5_000, `${longestMs} ms`)
  t.ok(reviews <= 120 * 70, `${reviews} reviews in two minutes`)
})
