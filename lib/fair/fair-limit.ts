import { type Caller, createFairQueue } from './fair-queue.ts'

/** Calls a function now, or once it is the caller's turn. */
type FairLimit = <T>(caller: Caller, call: () => Promise<T>) => Promise<T>

/** Lets at most `maxRunning` calls run at once. The others wait in a {@link createFairQueue fair queue}. */
export function createFairLimit(maxRunning: number): FairLimit {
  const waiting = createFairQueue<() => void>()
  let running = 0

  function startNext(): void {
    while (running < maxRunning) {
      const start = waiting.shift()
      if (start === undefined) return
      running++
      start()
    }
  }

  return async (caller, call) => {
    await new Promise<void>((resolve) => {
      waiting.push(caller, resolve)
      startNext()
    })
    try {
      return await call()
    } finally {
      running--
      startNext()
    }
  }
}
