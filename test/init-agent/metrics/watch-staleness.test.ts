import t, { type Test } from 'tap'
import type { AgentContext } from '../../../init-agent/context/agent-context.ts'
import { type AgentFigures, startFigures } from '../../../init-agent/metrics/agent-figures.ts'
import { watchStaleness } from '../../../init-agent/metrics/watch-staleness.ts'
import { openFreshMark } from '../../../init-agent/volume/fresh-mark.ts'
import { takeTime } from '../../../lib/handed-time.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { memoryLog } from '../../support/memory-log.ts'

const startMs = 1_000_000

/** An agent with `staleAfterSeconds: 100`, and a clock that the test advances. */
function watch(t: Test, folder = t.testdir()) {
  let nowMs = startMs
  const times = clockTimes(() => nowMs)
  const sleepers: { readonly untilMs: number; readonly wake: () => void }[] = []
  const { log, lines } = memoryLog()
  const freshness = openFreshMark(folder)
  const ended = new AbortController()
  const context = {
    volumes: { freshness },
    clock: {
      ...times,
      random: () => 0.5,
      // A timer of Node wakes after 24 days at the latest.
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake) => {
          sleepers.push({ untilMs: nowMs + Math.min(ms, 60_000), wake })
          signal?.addEventListener('abort', () => wake())
        }),
    },
    log,
    signal: ended.signal,
  } as unknown as AgentContext
  return {
    check: watchStaleness(context, 100),
    step: times.step,
    mark: () => {
      const found = freshness.read()
      return found && { freshAtMs: takeTime(found.freshAt, times), isReady: found.isReady }
    },
    end: () => ended.abort(),
    sleeps: () => sleepers.length,
    messages: () => lines.map(({ message }) => message),
    async advanceTo(seconds: number) {
      for (;;) {
        const [next] = sleepers.toSorted((a, b) => a.untilMs - b.untilMs)
        if (next === undefined || next.untilMs > startMs + seconds * 1000) break
        sleepers.splice(sleepers.indexOf(next), 1)
        nowMs = next.untilMs
        next.wake()
        await new Promise(setImmediate)
      }
      nowMs = startMs + seconds * 1000
    },
  }
}

const seconds = (count: number) => startMs + count * 1000
const figures = (more: Partial<AgentFigures>): AgentFigures => ({
  ...startFigures({ nowMs: startMs, goodAtMs: startMs }),
  ...more,
})

t.test(
  'a pod is unready as soon as it has been stale for long enough, even between refreshes',
  async (t) => {
    const { check, mark, advanceTo, messages } = watch(t)
    check(figures({}))
    t.strictSame(mark(), { freshAtMs: startMs, isReady: true })
    await advanceTo(99)
    check(figures({ staleSinceMs: seconds(0) }))
    t.equal(mark()?.isReady, true)
    await advanceTo(100)
    t.strictSame(mark(), { freshAtMs: startMs, isReady: false })
    t.match(messages(), [/stale for too long/])

    await advanceTo(150)
    check(figures({ staleSinceMs: seconds(0) }))
    t.match(messages(), [/stale for too long/], 'it is logged once')
    check(figures({ lastSuccessAtMs: seconds(150) }))
    t.strictSame(mark(), { freshAtMs: seconds(150), isReady: true })
    t.match(messages(), [/stale for too long/, /up to date again/])
  },
)

t.test('after SIGTERM the timer ends, and the pod stays as it is', async (t) => {
  const { check, mark, advanceTo, end, sleeps } = watch(t)
  check(figures({}))
  end()
  await new Promise(setImmediate)
  t.equal(sleeps(), 1, 'nothing sleeps again')
  await advanceTo(1_000)
  t.equal(mark()?.isReady, true)
})

t.test('each success starts the time anew', async (t) => {
  const { check, mark, advanceTo } = watch(t)
  check(figures({}))
  await advanceTo(50)
  check(figures({ lastSuccessAtMs: seconds(50) }))
  await advanceTo(149)
  t.equal(mark()?.isReady, true)
  await advanceTo(150)
  t.equal(mark()?.isReady, false)
})

t.test('the object that has been stale longest decides', async (t) => {
  const { check, mark } = watch(t)
  check(figures({ lastSuccessAtMs: seconds(-10), staleSinceMs: seconds(-100) }))
  t.equal(mark()?.isReady, false)
  check(figures({ lastSuccessAtMs: seconds(-10), staleSinceMs: seconds(-99) }))
  t.equal(mark()?.isReady, true)
})

t.test('a volume that can’t be written to is logged, and does no harm', async (t) => {
  const { check, messages } = watch(t, `${t.testdir()}/absent`)
  check(figures({}))
  t.match(messages(), [/readiness of the pod could not be changed/])
})
