/** Runs a task when its turn comes. */
export type InTurn = <T>(task: () => Promise<T>) => Promise<T>

/** Lets a number of tasks run at the same time. The others wait in their order. */
export function createTurns(sideBySide: number): InTurn {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running >= sideBySide) await new Promise<void>((resolve) => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    } finally {
      // The next task takes over the place, so that no third one can slip in.
      const next = waiting.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }
}
