import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Occupies a port on loopback until the test ends: accepts connections, and never answers. */
export async function startSilentServer(t: Pick<Test, 'teardown'>) {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  t.teardown(close)
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close }
}
