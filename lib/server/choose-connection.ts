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
  waitsFor(): 'idle' | 'transfer' | 'answer'
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
 *
 * Every new connection beyond the bound makes this choice, so it costs about as much as to accept one.
 */
export function chooseConnection<T extends OpenConnection>(
  connections: Iterable<T>,
  { maxConnections, nowMs }: { readonly maxConnections: number; readonly nowMs: number },
): T | undefined {
  const closable: T[] = []
  const many = maxConnections / 32
  let most = many
  let unused = 0
  for (const connection of connections) {
    if (connection.waitsFor() === 'answer') continue
    closable.push(connection)
    if (connection.holder.count > most) most = connection.holder.count
    if (!connection.wasUsed) unused++
  }
  const goesUsed = unused <= closable.length / 2
  const isSpared = (connection: T) =>
    most > many
      ? connection.waitsFor() === 'transfer' && nowMs - connection.sinceMs < transferTimeMs
      : connection.wasUsed !== goesUsed

  let chosen: T | undefined
  let isChosenSpared = true
  for (const connection of closable) {
    if (most > many && connection.holder.count < most) continue
    const isThisSpared = isSpared(connection)
    const isOlder = chosen === undefined || connection.sinceMs < chosen.sinceMs
    if (isThisSpared === isChosenSpared ? !isOlder : isThisSpared) continue
    chosen = connection
    isChosenSpared = isThisSpared
  }
  return chosen
}

/** An API server sends a review, and reads the answer, within milliseconds. */
const transferTimeMs = 2_000
