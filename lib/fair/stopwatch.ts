import type { Clock } from '../clock.ts'

/** Adds up how long pieces of work take. */
export interface Stopwatch {
  /** Does the work, which must not wait for anything. */
  time<T>(work: () => T): T
  microseconds(): number
}

export function createStopwatch({ now }: Pick<Clock, 'now'>): Stopwatch {
  let ms = 0
  return {
    time(work) {
      const beganAtMs = now()
      try {
        return work()
      } finally {
        ms += now() - beganAtMs
      }
    },
    microseconds: () => ms * 1000,
  }
}

/**
 * Measures what is done from now on until the event loop turns: the work of the caller, until it waits for anything but
 * promises that have been settled already.
 */
export function onTurnEnd(
  { now }: Pick<Clock, 'now'>,
  onEnd: (microseconds: number) => void,
): void {
  const beganAtMs = now()
  // A tick that is requested in a microtask comes when no microtask is left.
  queueMicrotask(() => process.nextTick(() => onEnd((now() - beganAtMs) * 1000)))
}
