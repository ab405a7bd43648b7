import type { Clock } from './clock.ts'
import { type Check, number, object, string } from './shape.ts'

/** A time in the past that one process leaves for another one. */
export interface HandedTime {
  /** Milliseconds since 1970. A step of the clock between the two processes makes it wrong. */
  readonly wallMs: number
  /** Absent if the machine doesn't say which boot it is, or an older version wrote it. */
  readonly boot?: BootTime
}

interface BootTime {
  readonly id: string
  /** Milliseconds since that boot. */
  readonly ms: number
}

type HandingClock = Pick<Clock, 'now' | 'wallTime' | 'bootId'>

/** @param atMs - a time of `clock.now()` */
export function handTime(atMs: number, clock: HandingClock): HandedTime {
  const wallMs = clock.wallTime() - (clock.now() - atMs)
  const id = clock.bootId()
  return { wallMs, ...(id !== undefined && { boot: { id, ms: atMs } }) }
}

/**
 * The handed time as a time of `clock.now()`, never in the future. The boot time counts if it is of this boot. Otherwise it
 * says nothing, and only the wall time can say how old something is.
 */
export function takeTime({ wallMs, boot }: HandedTime, clock: HandingClock): number {
  const nowMs = clock.now()
  if (boot !== undefined && boot.id === clock.bootId() && boot.ms <= nowMs) return boot.ms
  return nowMs - Math.max(0, clock.wallTime() - wallMs)
}

export const checkTime: Check<number> = number(Number.isFinite)

export const checkBootTime: Check<BootTime> = object({
  id: string((id) => id.length <= 64),
  ms: checkTime,
})
