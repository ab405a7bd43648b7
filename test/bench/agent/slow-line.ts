import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Stage } from './stage.ts'

/** Where a server listens that is behind a line. */
export const farAddress = '127.0.0.2'

/**
 * Puts a round trip between clients and the stage's server: each byte arrives half of it later, and the first byte of a
 * connection a whole one later than that, as after TCP's handshake. The line has the server's port at 127.0.0.1, so the
 * URLs in the server's answers lead through it, too.
 *
 * @param stage - with its server at {@link farAddress}
 * @returns closes the line
 */
export async function openSlowLine(
  { url }: Pick<Stage, 'url'>,
  roundTripMs: number,
): Promise<() => void> {
  const port = Number(new URL(url).port)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, farAddress)
    const openAtMs = performance.now() + roundTripMs
    const line = { oneWayMs: roundTripMs / 2, openAtMs }
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay())
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
    carry(near, far, line)
    carry(far, near, line)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

interface Line {
  readonly oneWayMs: number
  readonly openAtMs: number
}

function carry(from: Socket, to: Socket, { oneWayMs, openAtMs }: Line): void {
  const underway: (() => void)[] = []
  const send = (step: () => void) => {
    underway.push(step)
    const startMs = Math.max(openAtMs - performance.now(), 0)
    // Timers that are due together may fire in any order, so each one sends the oldest step.
    setTimeout(() => underway.shift()?.(), startMs + oneWayMs)
  }
  from.on('data', (chunk) => send(() => to.write(chunk)))
  from.on('end', () => send(() => to.end()))
  from.on('close', () => send(() => to.destroy()))
}
