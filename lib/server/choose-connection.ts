export interface OpenConnection {
  /** The remote address's entry: how many open connections the address holds. */
  readonly holder: { readonly count: number }
  /** When it was opened, its last request began, or its last answer was sent, whichever came last. */
  readonly sinceMs: number
  /**
   * - `idle`: no request on it, or not even a finished TLS handshake
   * - `transfer`: the caller is sending a request, or reading our answer
   * - `answer`: the caller waits for our answer
   */
  readonly waitsFor: 'idle' | 'transfer' | 'answer'
  /** Whether it has carried a whole answer. */
  readonly wasUsed: boolean
}

/**
 * Chooses the connection to close if there are too many: of the address that has the most, the one that has been idle
 * longest.
 *
 * - A connection that waits for our answer is never chosen.
 * - A transfer counts as idle after {@link transferTimeMs}. Until then another connection of its address goes first.
 * - If no address has many, an attacker uses many addresses. Addresses then don't matter. If more than half of the
 *   connections that may be closed were never used, the one of those goes that has been without activity longest;
 *   otherwise the one of the others. So silent callers close their own connections before an API server's idle one, which
 *   may be about to carry a review. And callers that use each connection once don't shut out new callers.
 */
export function chooseConnection<T extends OpenConnection>(
  connections: readonly T[],
  { maxConnections, nowMs }: { readonly maxConnections: number; readonly nowMs: number },
): T | undefined {
  const many = maxConnections / 32
  const heldBy = ({ holder }: T) => Math.max(holder.count, many)
  const isTransferring = ({ waitsFor, sinceMs, holder }: T) =>
    waitsFor === 'transfer' && holder.count > many && nowMs - sinceMs < transferTimeMs

  const closable = connections.filter(({ waitsFor }) => waitsFor !== 'answer')
  const unused = closable.filter(({ wasUsed }) => !wasUsed).length
  const isOfMost = ({ wasUsed, holder }: T) =>
    holder.count <= many && wasUsed === unused <= closable.length / 2

  let chosen: T | undefined
  for (const connection of closable)
    if (chosen === undefined || goesBefore(connection, chosen)) chosen = connection
  return chosen

  function goesBefore(a: T, b: T): boolean {
    if (heldBy(a) !== heldBy(b)) return heldBy(a) > heldBy(b)
    if (isTransferring(a) !== isTransferring(b)) return isTransferring(b)
    if (isOfMost(a) !== isOfMost(b)) return isOfMost(a)
    return a.sinceMs < b.sinceMs
  }
}

/** An API server sends a review, and reads the answer, within milliseconds. */
const transferTimeMs = 2_000
