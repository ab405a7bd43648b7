import { type Caller, createFairQueue } from './fair-queue.ts'

/**
 * Returns a function that calls another one now, or once it is the caller's turn. At most `maxRunning` calls run at once.
 * The others wait in a {@link createFairQueue fair queue}.
 */
export function createFairLimit(maxRunning: number) {
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

  return async <T>(caller: Caller, call: () => Promise<T>): Promise<T> => {
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
