import type { Clock } from '../clock.ts'

/**
 * How much CPU time each namespace may take, in microseconds of one core: so much at once after a rest, and a part of the time
 * always.
 */
export function createAllowances({
  clock,
  mostMicroseconds,
  lastingPart,
}: {
  readonly clock: Pick<Clock, 'now'>
  readonly mostMicroseconds: number
  readonly lastingPart: number
}) {
  const allowances = new Map<string, { readonly left: number; readonly atMs: number }>()
  function of(namespace: string): number {
    const nowMs = clock.now()
    const { left, atMs } = allowances.get(namespace) ?? { left: mostMicroseconds, atMs: nowMs }
    return Math.min(mostMicroseconds, left + (nowMs - atMs) * 1000 * lastingPart)
  }
  function set(namespace: string, left: number): void {
    allowances.set(namespace, { left, atMs: clock.now() })
  }
  return {
    of,
    set,
    /** Takes the time, if the allowance covers it. Otherwise returns false. */
    take(namespace: string, microseconds: number): boolean {
      const left = of(namespace)
      const isEnough = microseconds <= left
      set(namespace, isEnough ? left - microseconds : left)
      return isEnough
    },
  }
}
