/** A part of the budget, in use. */
export interface Share {
  /** Gives it back. Calling this again does nothing. */
  release(): void
}

export interface ShareRequest {
  /** The remote address that the bytes are held for. */
  readonly address: string
  readonly bytes: number
  /** Ends whatever needs the bytes, because somebody else gets them. */
  readonly end: () => void
}

export interface ByteBudget {
  /** Gives undefined if the bytes can't be had. */
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
 * A number of bytes that all callers share. While there is enough for everybody, anybody may hold any part of it. When
 * it doesn't suffice, these give way, the longest-held share first:
 *
 * 1. the address that holds the most, if the newcomer's address would hold less than it does
 * 2. shares that have been held for {@link patienceMs}, whoever holds them
 */
export function createByteBudget({ maxBytes, elapsedMs }: ByteBudgetOptions): ByteBudget {
  // In the order in which they were taken.
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
  const held = new Map<string, number>()
  for (const { address, bytes } of shares) held.set(address, (held.get(address) ?? 0) + bytes)
  const most = Math.max(...held.values())
  const wanted = (held.get(request.address) ?? 0) + request.bytes
  const givesWay = ({ address, sinceMs }: HeldShare) =>
    wanted < most ? held.get(address) === most : nowMs - sinceMs >= patienceMs
  for (const share of shares) if (givesWay(share)) return share
  return undefined
}

/** An API server sends a review, and reads the answer, within milliseconds. */
const patienceMs = 2_000
