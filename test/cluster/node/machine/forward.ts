import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export interface ForwardOptions {
  readonly from: { readonly host: string; readonly port: number }
  /** A port on 127.0.0.1. */
  readonly toPort: number
}

/** Forwards connections to the API server. Pods connect to its Service address, but no kube-proxy serves that. */
export async function forward({ from, toPort }: ForwardOptions): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    const onward = connect({ host: '127.0.0.1', port: toPort })
    socket.pipe(onward).pipe(socket)
    for (const one of [socket, onward])
      one.on('error', () => {
        socket.destroy()
        onward.destroy()
      })
  }).listen(from)
  await once(server, 'listening')
  server.unref()
  return { close: () => void server.close() }
}
