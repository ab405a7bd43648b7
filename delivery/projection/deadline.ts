import { isOutageCode } from '../../keyvault/readers/outage-codes.ts'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { type AgentConfig, throttlingAllowanceSeconds } from '../contract.ts'

/** Until when to retry. */
export interface Deadline {
  /** When the last try may start, in boot time. If it is in the past, there is exactly one try. */
  atMs(): number
  /** Called before each wait, which starts at `nowMs`. May move the deadline. */
  extend(wait: Wait): void
  /** Whether waiting for an error like this one moves the deadline each time. */
  outlasts(code: AkvErrorCode): boolean
}

interface Wait {
  readonly nowMs: number
  readonly waitMs: number
  readonly code: AkvErrorCode
}

/** A deadline that waiting for a vault doesn't move. */
export const fixedDeadline = (atMs: number): Deadline => ({
  atMs: () => atMs,
  extend: () => undefined,
  outlasts: () => false,
})

/** The given deadline, or `minMs` if that is later. */
export const notBefore = (minMs: number, deadline: Deadline): Deadline => ({
  ...deadline,
  atMs: () => Math.max(deadline.atMs(), minMs),
})

type Timeout = Pick<AgentConfig, 'timeoutSeconds' | 'outlastsOutages'>

/** The deadline of a first fetch that starts at `nowMs`. */
export function firstFetchDeadline(timeout: Timeout, nowMs: number): Deadline {
  const timeoutMs = timeout.timeoutSeconds * 1000
  if (timeoutMs <= 0) return fixedDeadline(nowMs)
  return timeout.outlastsOutages
    ? deadlineAfterOutage(timeoutMs, nowMs)
    : deadlineWithAllowance(timeoutMs, nowMs)
}

/** The configuration of an agent for which somebody waits at a terminal. In a pod, it may wait for the end of an outage. */
export function attended({ outlastsOutages, ...config }: AgentConfig): AgentConfig {
  return outlastsOutages ? { ...config, timeoutSeconds: 120 } : config
}

/** The timeout starts again with each wait for an outage. So a fetch that hangs still ends. */
function deadlineAfterOutage(timeoutMs: number, startMs: number): Deadline {
  let endMs = startMs + timeoutMs
  return {
    atMs: () => endMs,
    extend({ nowMs, waitMs, code }) {
      if (isOutageCode(code)) endMs = Math.max(endMs, nowMs + waitMs + timeoutMs)
    },
    outlasts: isOutageCode,
  }
}

/**
 * Waiting for a throttling vault doesn't count towards the timeout, because a restart would only lose what was fetched
 * already. A wait counts if it doesn't fit into the rest of the allowance.
 */
function deadlineWithAllowance(timeoutMs: number, startMs: number): Deadline {
  const allowanceMs = throttlingAllowanceSeconds * 1000
  let extendedMs = 0
  let waitedUntilMs = startMs
  return {
    atMs: () => startMs + timeoutMs + extendedMs,
    extend({ nowMs, waitMs, code }) {
      if (code !== 'AKV_THROTTLED') return
      // Several objects wait at the same time, so the parts that overlap count once.
      const addedMs = nowMs + waitMs - Math.max(nowMs, waitedUntilMs)
      if (addedMs <= 0 || extendedMs + addedMs > allowanceMs) return
      extendedMs += addedMs
      waitedUntilMs = nowMs + waitMs
    },
    outlasts: () => false,
  }
}
