import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { clockTimes } from '../support/clock-times.ts'
import { createRandom } from '../support/create-random.ts'

/** Time that passes only between the steps of a simulation, in whole milliseconds. */
export interface VirtualTime {
  /** Milliseconds since the simulation began. */
  now(): number
  /** A clock whose random numbers follow from the seed. */
  clock(seed: number): Clock
  /** Lets `ms` pass. Everything that is due on the way runs in order. */
  pass(ms: number): Promise<void>
}

export function createVirtualTime(): VirtualTime {
  let nowMs = 0
  const due = new Map<number, (() => void)[]>()
  const wakeAt = (ms: number, wake: () => void) => {
    const others = due.get(ms)
    if (others === undefined) due.set(ms, [wake])
    else others.push(wake)
  }
  const runDue = async () => {
    for (let wakes = due.get(nowMs); wakes !== undefined; wakes = due.get(nowMs)) {
      due.delete(nowMs)
      for (const wake of wakes) wake()
      // Runs all promise callbacks, which may add more that is due now.
      await setImmediate()
    }
  }
  return {
    now: () => nowMs,
    clock: (seed) => ({
      ...clockTimes(() => nowMs),
      random: createRandom(seed),
      sleep(ms, signal) {
        if (signal?.aborted) return Promise.resolve()
        return new Promise((resolve) => {
          wakeAt(Math.ceil(nowMs + Math.max(0, ms)), () => {
            signal?.removeEventListener('abort', abort)
            resolve()
          })
          const abort = () => resolve()
          signal?.addEventListener('abort', abort, { once: true })
        })
      },
    }),
    async pass(ms) {
      const endMs = nowMs + ms
      await setImmediate()
      await runDue()
      while (nowMs < endMs) {
        nowMs++
        await runDue()
      }
    },
  }
}
