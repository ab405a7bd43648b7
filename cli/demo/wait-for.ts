import { setTimeout as delay } from 'node:timers/promises'

/** Looks again and again; false when it did not come true in time. */
export async function waitFor(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) return false
    await delay(10, undefined, { ref: false })
  }
  return true
}
