import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export interface ForwardOptions {
  readonly from: { readonly host: string; readonly port: number }
  /** On 127.0.0.1. */
  readonly toPort: number
}

/** Passes connections on: pods know the API server by a Service's address, and there is no kube-proxy to serve it. */
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
