import type { Clock } from '../../lib/clock.ts'

/** How many namespaces may be looked at often. Strangers decide which ones. */
const maxUrgent = 200
/** How long a namespace stays among them after the last reason for it. */
const keptMs = 60 * 60_000
/** How often something that was forbidden is a reason to look at once. */
const forbiddenMs = 60_000

/** The namespaces whose rights are looked at often, because somebody may be about to grant them. */
export function createUrgent(clock: Pick<Clock, 'now'>) {
  const untilMs = new Map<string, number>()
  const forbiddenAtMs = new Map<string, number>()
  return {
    /** @returns whether it is new */
    add(namespace: string): boolean {
      const isNew = !untilMs.delete(namespace)
      untilMs.set(namespace, clock.now() + keptMs)
      const [oldest] = untilMs.keys()
      if (untilMs.size > maxUrgent && oldest !== undefined) untilMs.delete(oldest)
      return isNew
    },
    has(namespace: string): boolean {
      const until = untilMs.get(namespace)
      if (until !== undefined && until < clock.now()) untilMs.delete(namespace)
      return untilMs.has(namespace)
    },
    delete(namespace: string): void {
      untilMs.delete(namespace)
      forbiddenAtMs.delete(namespace)
    },
    mayLookAtOnce(namespace: string): boolean {
      const atMs = forbiddenAtMs.get(namespace)
      if (atMs !== undefined && clock.now() - atMs < forbiddenMs) return false
      forbiddenAtMs.set(namespace, clock.now())
      return true
    },
  }
}
