import { type AgentConfig, throttlingAllowanceSeconds } from '../contract.ts'

/** When retrying ends. */
export interface Deadline {
  /** When the last try may start, in milliseconds since 1970. In the past: one try. */
  atMs(): number
  /** A vault that throttles makes a caller wait from `nowMs` on. The end moves by as much, within the allowance. */
  extend(wait: { readonly nowMs: number; readonly waitMs: number }): void
}

/** An end that nothing moves. */
export const fixedDeadline = (atMs: number): Deadline => ({
  atMs: () => atMs,
  extend: () => undefined,
})

/** The same end, but never before `leastMs`. */
export const notBefore = (leastMs: number, { atMs, extend }: Deadline): Deadline => ({
  atMs: () => Math.max(atMs(), leastMs),
  extend,
})

/**
 * The end of a first fetch. Time that a throttling vault makes us wait doesn't count against the timeout, because a
 * restart would only lose what was fetched. A wait that doesn't fit into what is left of the allowance counts.
 */
export function firstFetchDeadline(
  { timeoutSeconds }: Pick<AgentConfig, 'timeoutSeconds'>,
  nowMs: number,
): Deadline {
  const timeoutMs = timeoutSeconds * 1000
  if (timeoutMs <= 0) return fixedDeadline(nowMs)
  const allowanceMs = throttlingAllowanceSeconds * 1000
  let extendedMs = 0
  let waitedUntilMs = nowMs
  return {
    atMs: () => nowMs + timeoutMs + extendedMs,
    extend({ nowMs, waitMs }) {
      // Several objects wait at the same time: each moment counts once.
      const addedMs = nowMs + waitMs - Math.max(nowMs, waitedUntilMs)
      if (addedMs <= 0 || extendedMs + addedMs > allowanceMs) return
      extendedMs += addedMs
      waitedUntilMs = nowMs + waitMs
    },
  }
}
