import { type Cron, firesAt, firesOn } from './cron.ts'

/** When values may be refreshed. */
export interface SyncWindows {
  /** `allow`: only within a window. `deny`: at any other time. */
  readonly kind: 'allow' | 'deny'
  readonly windows: readonly SyncWindow[]
}

interface SyncWindow {
  readonly opens: Cron
  readonly lastsMs: number
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const minutesOfDay = Array.from({ length: 24 * 60 }, (_, minute) => minute)
/** How far the next change is looked for. */
const aheadMs = 60 * minuteMs
/** A window may last a minute, and looking costs requests. */
const minPauseMs = 30_000

/** Whether the windows let values be refreshed at this time, in milliseconds since 1970. */
export function areOpen({ kind, windows }: SyncWindows, nowMs: number): boolean {
  const isWithin = windows.some((window) => isActive(window, nowMs))
  return kind === 'allow' ? isWithin : !isWithin
}

/** When windows that are closed have to be looked at again: when the first of them opens or ends, and within an hour. */
export function nextLookMs({ windows }: SyncWindows, nowMs: number): number {
  const times = windows.flatMap(({ opens, lastsMs }) => {
    const opensAtMs = firing(opens, { fromMs: nowMs + 1, toMs: nowMs + aheadMs, isFirst: true })
    const openedAtMs = firing(opens, { fromMs: nowMs - lastsMs, toMs: nowMs })
    const endsAtMs = openedAtMs === undefined ? undefined : openedAtMs + lastsMs + 1000
    return [opensAtMs ?? [], endsAtMs ?? []].flat()
  })
  return Math.max(nowMs + minPauseMs, Math.min(nowMs + aheadMs, ...times))
}

/** Whether a window has opened and hasn't ended. The second at which it ends is part of it, as it is with the operator. */
function isActive({ opens, lastsMs }: SyncWindow, nowMs: number): boolean {
  if (lastsMs < 0) return false
  const atMs = Math.floor(nowMs / 1000) * 1000
  if (opens.kind === 'every') return opens.everyMs <= lastsMs + 1000
  return firing(opens, { fromMs: atMs - lastsMs, toMs: atMs }) !== undefined
}

/**
 * The last time between two times at which a schedule fires, or the first. It looks at each day once, and at the minutes of the
 * days that count, so no schedule is expensive.
 */
function firing(
  cron: Cron,
  {
    fromMs,
    toMs,
    isFirst = false,
  }: { readonly fromMs: number; readonly toMs: number; readonly isFirst?: boolean },
): number | undefined {
  if (cron.kind === 'every') return undefined
  const startOf = (ms: number) => Math.floor(ms / dayMs) * dayMs
  const [firstDay, lastDay] = [startOf(fromMs), startOf(toMs)]
  for (let index = 0; firstDay + index * dayMs <= lastDay; index++) {
    const dayAtMs = isFirst ? firstDay + index * dayMs : lastDay - index * dayMs
    if (!firesOn(cron, new Date(dayAtMs))) continue
    const isWithin = (minute: number) => {
      const ms = dayAtMs + minute * minuteMs
      return fromMs <= ms && ms <= toMs && firesAt(cron, minute)
    }
    const minute = isFirst ? minutesOfDay.find(isWithin) : minutesOfDay.findLast(isWithin)
    if (minute !== undefined) return dayAtMs + minute * minuteMs
  }
  return undefined
}
