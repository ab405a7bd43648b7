import { type AgentConfig, throttlingAllowanceSeconds } from '../contract.ts'

/** Until when to retry. */
export interface Deadline {
  /** When the last try may start, in boot time. If it is in the past, there is exactly one try. */
  atMs(): number
  /** Called before a wait for a throttling vault, which starts at `nowMs`. May move the deadline by as much. */
  extend(wait: { readonly nowMs: number; readonly waitMs: number }): void
}

/** A deadline that waiting for a vault doesn't move. */
export const fixedDeadline = (atMs: number): Deadline => ({
  atMs: () => atMs,
  extend: () => undefined,
})

/** The given deadline, or `minMs` if that is later. */
export const notBefore = (minMs: number, { atMs, extend }: Deadline): Deadline => ({
  atMs: () => Math.max(atMs(), minMs),
  extend,
})

/**
 * The deadline of a first fetch. Waiting for a throttling vault doesn't count towards the timeout, because a restart
 * would only lose what was fetched already. A wait counts if it doesn't fit into the rest of the allowance.
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
      // Several objects wait at the same time, so the parts that overlap count once.
      const addedMs = nowMs + waitMs - Math.max(nowMs, waitedUntilMs)
      if (addedMs <= 0 || extendedMs + addedMs > allowanceMs) return
      extendedMs += addedMs
      waitedUntilMs = nowMs + waitMs
    },
  }
}
