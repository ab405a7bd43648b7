import { setTimeout as delay } from 'node:timers/promises'

/** Waits until the condition is true. Returns false if that takes longer than the timeout. */
export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await delay(10, undefined, { ref: false })
  }
  return true
}
