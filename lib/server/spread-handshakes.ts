import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import { createPacedTurns, type PacedTurns } from '../fair/paced-turns.ts'

interface SpreadOptions {
  /** How long a connection may wait for its handshake to begin. */
  readonly timeoutMs: number
  /** Default: {@link createHandshakeTurns}. */
  readonly turns?: PacedTurns
}

/**
 * Makes TLS handshakes wait for their turns. The remote addresses alternate, so a caller that opens many connections
 * delays its own. Call this before anything else listens for the server's connections.
 *
 * A connection waits for a turn once its first bytes have arrived, so a silent one takes none.
 */
export function spreadHandshakes(
  server: Server,
  { timeoutMs, turns = createHandshakeTurns() }: SpreadOptions,
): void {
  // Node begins the handshake of a connection in the only listener that a new server has.
  const beginHandshake = server.listeners('connection')
  server.removeAllListeners('connection')

  server.on('connection', (socket: Socket) => {
    const caller = { address: socket.remoteAddress ?? '', namespace: '' }
    let isQueued = false

    function queue(): void {
      if (socket.readableLength > maxHelloBytes) socket.destroy()
      else if (!isQueued && socket.readableLength > 0) {
        isQueued = true
        turns.take(caller, begin)
      }
    }
    function begin(): void {
      socket.off('readable', queue).off('close', leave).setTimeout(0)
      // The handshake takes the bytes that the socket has read so far.
      for (const listener of beginHandshake) listener.call(server, socket)
    }
    function leave(): void {
      turns.leave(caller, begin)
    }
    // Without a listener, this error would be thrown.
    socket.on('error', () => {})
    socket.on('readable', queue).once('close', leave)
    socket.setTimeout(timeoutMs, () => socket.destroy())
  })
}

const createHandshakeTurns = () =>
  createPacedTurns({ elapsedMs: () => performance.now(), leastMs: leastHandshakeMs })

/**
 * What a new connection costs on a usual machine. Some of that comes after its turn: the end of the handshake, and what HTTP
 * does with a new connection. If a client's first hello has no key for a group of ours, most of it comes with the second one.
 */
const leastHandshakeMs = 1

/** One TLS record. A `ClientHello` has about 2 KiB, and until the server answers, an honest client sends nothing else. */
const maxHelloBytes = 16 * 1024
