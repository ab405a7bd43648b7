import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import { createPacedTurns, type PacedTurns } from '../fair/paced-turns.ts'
import { connectionKey } from './bound-connections.ts'
import { createUnfinishedHandshakes } from './unfinished-handshakes.ts'

interface SpreadOptions {
  /** How long a connection may wait for its handshake to begin. */
  readonly timeoutMs: number
  /** Makes the turns. Default: {@link createHandshakeTurns}. */
  readonly createTurns?: (hasRoom: (address: string) => boolean) => PacedTurns
  /** A clock that never goes back. */
  readonly elapsedMs?: () => number
}

/**
 * Makes TLS handshakes wait for their turns. The remote addresses alternate, so a caller that opens many connections
 * delays its own. Call this before anything else listens for the server's connections.
 *
 * A connection waits for a turn once its first bytes have arrived, so a silent one takes none. What a client sends after its
 * turn can't wait, and may be the expensive part, so each address may only {@link createUnfinishedHandshakes leave so many
 * handshakes unfinished}.
 */
export function spreadHandshakes(
  server: Server,
  {
    timeoutMs,
    createTurns = createHandshakeTurns,
    elapsedMs = () => performance.now(),
  }: SpreadOptions,
): void {
  const unfinished = createUnfinishedHandshakes(elapsedMs)
  const turns = createTurns(unfinished.hasRoom)
  // Node begins the handshake of a connection in the only listener that a new server has.
  const beginHandshake = server.listeners('connection')
  server.removeAllListeners('connection')
  const open = new Map<string, Socket>()
  server.on('secureConnection', (socket) => {
    const key = connectionKey(socket)
    unfinished.finish(key)
    open.delete(key)
  })

  server.on('connection', (socket: Socket) => {
    const caller = { address: socket.remoteAddress ?? '', namespace: '' }
    const key = connectionKey(socket)
    let seenBytes = 0

    function queue(): void {
      const bytes = socket.readableLength
      // An event without new bytes means that the client has hung up. A handshake with it would waste a turn.
      if (bytes > maxHelloBytes || bytes === seenBytes) socket.destroy()
      else if (seenBytes === 0) turns.take(caller, begin)
      seenBytes = bytes
    }
    function begin(): void {
      // It may have been destroyed in this turn of the event loop. Its end comes later.
      if (socket.destroyed) return
      socket.off('readable', queue).off('close', leave).setTimeout(0)
      unfinished.begin(key, caller.address)
      open.set(key, socket)
      socket.once('close', () => open.delete(key))
      const [oldest] = open.values()
      if (open.size > maxOpen) oldest?.destroy()
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

const createHandshakeTurns = (hasRoom: (address: string) => boolean) =>
  createPacedTurns({ elapsedMs: () => performance.now(), leastMs: leastHandshakeMs, hasRoom })

/**
 * What a new connection costs on a usual machine. Some of that comes after its turn: the end of the handshake, and what HTTP
 * does with a new connection. If a client's first hello has no key for a group of ours, most of it comes with the second one.
 */
const leastHandshakeMs = 1

/**
 * How many handshakes are unfinished at a time. Otherwise hundreds of addresses could send the expensive part of a thousand at
 * once. The oldest one is closed then: 128 others had their turns since it began, which takes at least a quarter of a second.
 */
const maxOpen = 128

/** One TLS record. A `ClientHello` has about 2 KiB, and until the server answers, an honest client sends nothing else. */
const maxHelloBytes = 16 * 1024
