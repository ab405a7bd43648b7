/** Key Vault's limit of transactions for one vault. */
export interface VaultLimit {
  readonly requests: number
  readonly windowMs: number
  /** `fixed`: the count starts again with each window. `rolling`: the window ends at each request. */
  readonly kind: 'fixed' | 'rolling'
  /** Whether a request that was answered with 429 counts too. */
  readonly countsRefused: boolean
  /** Sent with each 429, if set. */
  readonly retryAfterSeconds?: number
}

/** Key Vault accepts 4,000 transactions in 10 seconds. It documents that refused requests don't count. */
export const keyVaultLimit: VaultLimit = {
  requests: 4_000,
  windowMs: 10_000,
  kind: 'rolling',
  countsRefused: false,
}

/** Returns whether a request at this time is served. */
export type VaultGate = (nowMs: number) => boolean

/** A client that sends requests at random times, whatever the vault answers. */
export interface Stranger {
  /** On average. */
  readonly requestsPerSecond: number
  /** By default, it is there from the start. */
  readonly fromMs?: number
  /** By default, it never ends. */
  readonly untilMs?: number
  /** Gives numbers from 0 to 1. */
  readonly random: () => number
}

/** A gate that a stranger uses, too. */
export function createSharedGate(limit: VaultLimit, stranger: Stranger | undefined): VaultGate {
  const gate = createGate(limit)
  if (stranger === undefined) return gate
  const { requestsPerSecond, fromMs = 0, untilMs = Number.POSITIVE_INFINITY, random } = stranger
  const gapMs = () => (-Math.log(1 - random()) * 1000) / requestsPerSecond
  let strangerMs = fromMs + gapMs()
  return (nowMs) => {
    for (; strangerMs <= Math.min(nowMs, untilMs); strangerMs += gapMs()) gate(strangerMs)
    return gate(nowMs)
  }
}

const createGate = (limit: VaultLimit): VaultGate =>
  limit.kind === 'fixed' ? fixedWindow(limit) : rollingWindow(limit)

function fixedWindow({ requests, windowMs }: VaultLimit): VaultGate {
  let window = -1
  let count = 0
  return (nowMs) => {
    const current = Math.floor(nowMs / windowMs)
    if (current !== window) {
      window = current
      count = 0
    }
    return count++ < requests
  }
}

function rollingWindow({ requests, windowMs, countsRefused }: VaultLimit): VaultGate {
  let times: number[] = []
  let first = 0
  return (nowMs) => {
    while (first < times.length && (times[first] ?? 0) <= nowMs - windowMs) first++
    if (first > 100_000) {
      times = times.slice(first)
      first = 0
    }
    const isServed = times.length - first < requests
    if (isServed || countsRefused) times.push(nowMs)
    return isServed
  }
}
