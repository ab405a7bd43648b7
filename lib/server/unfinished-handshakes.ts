/**
 * Counts the handshakes that each address has begun, until they are finished, or for a second if they are broken off. A client can
 * send one byte, which begins its handshake, and the expensive rest later, on all of its connections at once. Honest
 * clients finish what they begin.
 *
 * @param elapsedMs - a clock that never goes back
 */
export function createUnfinishedHandshakes(elapsedMs: () => number) {
  /** By connection, the oldest first. */
  const begun = new Map<string, { readonly address: string; readonly atMs: number }>()
  const counts = new Map<string, number>()

  function remove(key: string): void {
    const address = begun.get(key)?.address
    if (address === undefined) return
    begun.delete(key)
    const count = (counts.get(address) ?? 0) - 1
    if (count > 0) counts.set(address, count)
    else counts.delete(address)
  }

  return {
    begin(key: string, address: string): void {
      // A client may use its port again.
      remove(key)
      begun.set(key, { address, atMs: elapsedMs() })
      counts.set(address, (counts.get(address) ?? 0) + 1)
    },
    finish: remove,
    /** Whether the address may begin another one. */
    hasRoom(address: string): boolean {
      for (const [key, { atMs }] of begun) {
        if (elapsedMs() - atMs < countedMs) break
        remove(key)
      }
      return (counts.get(address) ?? 0) < maxUnfinished
    },
  }
}

const countedMs = 1_000

/** An API server that opens connections through a tunnel of 200 ms still gets 160 a second. */
const maxUnfinished = 32
