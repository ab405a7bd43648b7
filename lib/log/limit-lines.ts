interface LineLimitOptions {
  /** The most lines of one kind in one interval. */
  readonly maxLines: number
  readonly intervalMs: number
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
}

/** A detail for the first line after some were left out: how many. */
export interface LeftOut {
  readonly leftOut?: number
}

/**
 * Calls `write` for a line of this kind, unless the interval has had enough of them.
 *
 * @param kind - one of a few fixed names, because each takes memory
 */
export type LineLimit = (kind: string, write: (leftOut: LeftOut) => void) => void

/**
 * Bounds the lines that anonymous callers can have us log. They must not fill the node's disk, nor push the lines about
 * everybody else out of a log of limited size.
 */
export function createLineLimit({ maxLines, intervalMs, elapsedMs }: LineLimitOptions): LineLimit {
  const intervals = new Map<string, { readonly sinceMs: number; lines: number; leftOut: number }>()

  return (kind, write) => {
    const nowMs = elapsedMs()
    let current = intervals.get(kind)
    let leftOut = 0
    if (current === undefined || nowMs - current.sinceMs >= intervalMs) {
      leftOut = current?.leftOut ?? 0
      current = { sinceMs: nowMs, lines: 0, leftOut: 0 }
      intervals.set(kind, current)
    }
    if (current.lines === maxLines) {
      current.leftOut++
      return
    }
    current.lines++
    write(leftOut > 0 ? { leftOut } : {})
  }
}
