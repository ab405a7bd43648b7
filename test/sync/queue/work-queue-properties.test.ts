import { array, assert, asyncProperty, constantFrom, nat, oneof, record } from 'fast-check'
import t from 'tap'
import type { Clock } from '../../../lib/clock.ts'
import type { NextRun } from '../../../sync/queue/next-run.ts'
import { type QueueSlot, WorkQueue } from '../../../sync/queue/work-queue.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { numRuns } from '../../support/property-runs.ts'
import { noOutage } from '../harness/no-outage.ts'
import { createSortingQueue } from '../harness/sorting-queue.ts'

/** A clock that stands still until it is told to go on. */
function manualClock() {
  let nowMs = 1_000_000
  const sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>()
  const clock: Clock = {
    ...clockTimes(() => nowMs),
    random: () => 0.5,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = { untilMs: nowMs + ms, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          resolve()
        })
      }),
  }
  return {
    clock,
    tick(): void {
      nowMs += 1
      for (const sleeper of sleepers) {
        if (sleeper.untilMs > nowMs) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
    },
  }
}

const key = nat(7).map((number) => `namespace-${number % 3}/key-${number}`)
const next = record({
  afterMs: nat(3),
  outlook: constantFrom<NextRun['outlook']>('slow', 'failing', 'unknown', 'good'),
})
const step = oneof(
  record({ kind: constantFrom('add' as const), key, next }),
  record({ kind: constantFrom('drop' as const), key }),
  record({ kind: constantFrom('end' as const), index: nat(), next }),
  record({ kind: constantFrom('end for good' as const), index: nat() }),
  record({ kind: constantFrom('become slow' as const), index: nat() }),
  record({ kind: constantFrom('tick' as const) }),
)

t.test(
  'the work queue runs the same keys, in the same order, as a queue that keeps all keys in lists',
  async () => {
    await assert(
      asyncProperty(
        array(step, { minLength: 60, maxLength: 60 }),
        nat(9),
        nat(3),
        async (steps, restMs, more) => {
          const { clock, tick } = manualClock()
          const sideBySide = 1 + more
          const begun: string[] = []
          const expected: string[] = []
          const ends = new Map<string, (next: NextRun | undefined) => void>()
          const slots = new Map<string, QueueSlot>()
          const stop = new AbortController()
          const queue = new WorkQueue({
            sideBySide,
            restMs,
            pause: noOutage,
            clock,
            signal: stop.signal,
            namespaceOf: (key) => key.split('/')[0] ?? '',
          })
          queue.start(
            (key, slot) =>
              new Promise((resolve) => {
                begun.push(key)
                slots.set(key, slot)
                ends.set(key, resolve)
              }),
          )
          const onBegin = (key: string) => void expected.push(key)
          const model = createSortingQueue({ sideBySide, restMs, now: clock.now, onBegin })
          const end = (index: number, next: NextRun | undefined) => {
            const running = [...ends]
            const [key, resolve] = running[index % running.length] ?? []
            if (key === undefined || resolve === undefined) return
            ends.delete(key)
            resolve(next)
            model.end(key, next)
          }
          const becomeSlow = (index: number): boolean => {
            const running = [...ends.keys()]
            const key = running[index % running.length]
            return key === undefined || slots.get(key)?.becomeSlow() === model.becomeSlow(key)
          }
          for (const step of steps) {
            if (step.kind === 'add') {
              queue.add(step.key, step.next)
              model.add(step.key, step.next)
            } else if (step.kind === 'drop') {
              queue.drop(step.key)
              model.drop(step.key)
            } else if (step.kind === 'end') end(step.index, step.next)
            else if (step.kind === 'end for good') end(step.index, undefined)
            else if (step.kind === 'become slow') {
              if (!becomeSlow(step.index)) return false
            } else {
              tick()
              model.begin()
            }
            await new Promise(setImmediate)
            const [found, wanted] = [begun, expected].map((keys) => keys.join())
            if (found !== wanted || queue.depth() !== model.depth()) return false
          }
          return true
        },
      ),
      { numRuns },
    )
  },
)
