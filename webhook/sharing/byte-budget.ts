import type { Caller } from '../../lib/fair/fair-queue.ts'

/** A part of the budget that is in use. */
export interface Share {
  /** Returns the bytes to the budget. Further calls do nothing. */
  release(): void
}

interface ShareRequest {
  /** Whom the bytes are held for. */
  readonly caller: Caller
  readonly bytes: number
  /** Ends the work that needs the bytes, because another caller gets them. */
  readonly end: () => void
}

interface ByteBudget {
  /** Gives undefined if the bytes aren't available. */
  take(request: ShareRequest): Share | undefined
}

export interface ByteBudgetOptions {
  readonly maxBytes: number
  /** A clock that never goes back. */
  readonly elapsedMs: () => number
}

interface HeldShare extends ShareRequest, Share {
  readonly sinceMs: number
}

/**
 * A number of bytes that all callers share. A caller may take any part of it that is free. If too little is free, shares
 * are withdrawn, the longest-held first:
 *
 * 1. from the address that holds the most, if the new caller's address would hold less
 * 2. else from the namespace that holds the most for the new caller's address, if its own namespace would hold less
 * 3. else those that have been held for {@link patienceMs}, from any caller
 */
export function createByteBudget({ maxBytes, elapsedMs }: ByteBudgetOptions): ByteBudget {
  // A set iterates in the order of insertion, so the longest-held share comes first.
  const shares = new Set<HeldShare>()
  let heldBytes = 0

  function take(request: ShareRequest): Share | undefined {
    while (heldBytes + request.bytes > maxBytes) {
      const victim = chooseShare(shares, { request, nowMs: elapsedMs() })
      if (victim === undefined) return undefined
      victim.release()
      victim.end()
    }
    const share: HeldShare = {
      ...request,
      sinceMs: elapsedMs(),
      release() {
        if (shares.delete(share)) heldBytes -= share.bytes
      },
    }
    shares.add(share)
    heldBytes += share.bytes
    return share
  }

  return { take }
}

function chooseShare(
  shares: ReadonlySet<HeldShare>,
  { request, nowMs }: { readonly request: ShareRequest; readonly nowMs: number },
): HeldShare | undefined {
  const { address, namespace } = request.caller
  const all = [...shares]
  const ofAddress = all.filter(({ caller }) => caller.address === address)
  return (
    chooseFromLargest(all, { request, key: ({ caller }) => caller.address, callerKey: address }) ??
    chooseFromLargest(ofAddress, {
      request,
      key: ({ caller }) => caller.namespace,
      callerKey: namespace,
    }) ??
    all.find(({ sinceMs }) => nowMs - sinceMs >= patienceMs)
  )
}

/** The longest-held share of whoever holds the most, if the new caller would hold less. */
function chooseFromLargest(
  shares: readonly HeldShare[],
  {
    request,
    key,
    callerKey,
  }: {
    readonly request: ShareRequest
    readonly key: (share: ShareRequest) => string
    readonly callerKey: string
  },
): HeldShare | undefined {
  const held = new Map<string, number>()
  for (const share of shares) held.set(key(share), (held.get(key(share)) ?? 0) + share.bytes)
  const most = Math.max(...held.values())
  const wanted = (held.get(callerKey) ?? 0) + request.bytes
  return wanted < most ? shares.find((share) => held.get(key(share)) === most) : undefined
}

/** An API server sends a review, and reads the answer, within milliseconds. */
const patienceMs = 2_000
