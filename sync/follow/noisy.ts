import type { Clock } from '../../lib/clock.ts'
import { createAllowances } from '../../lib/fair/allowances.ts'

/** What reading the objects of a namespace may cost at once after a rest, in microseconds of one core, and all the time. */
const allowance = { mostMicroseconds: 1_000_000, lastingPart: 0.02 }
/** How many namespaces are left out at most: each makes the URL of a list or a watch longer. */
const maxLeftOut = 50
const leftOutMs = 10 * 60_000

export type NoisyNamespaces = ReturnType<typeof createNoisyNamespaces>

/**
 * Finds the namespaces whose objects of one kind cost so much that they would delay those of all others in one list or watch.
 * They are left out of it for a while.
 */
export function createNoisyNamespaces(clock: Pick<Clock, 'now'>) {
  const allowances = createAllowances({ clock, ...allowance })
  const untilMs = new Map<string, number>()
  return {
    /** @returns whether the namespace is to be left out from now on */
    isTooMuch(namespace: string, microseconds: number): boolean {
      if (allowances.take(namespace, microseconds)) return false
      if (namespace === '' || untilMs.has(namespace) || untilMs.size >= maxLeftOut) return false
      untilMs.set(namespace, clock.now() + leftOutMs)
      return true
    },
    has: (namespace: string) => untilMs.has(namespace),
    names: (): readonly string[] => [...untilMs.keys()],
    /** Lets namespaces return that have been left out for long enough. */
    letReturn(): void {
      const nowMs = clock.now()
      for (const [namespace, atMs] of untilMs) if (atMs <= nowMs) untilMs.delete(namespace)
    },
  }
}
