import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export interface ForwardOptions {
  readonly from: { readonly host: string; readonly port: number }
  /** Chooses where each connection goes. Without a target, the connection is closed. */
  readonly to: () => { readonly host: string; readonly port: number } | undefined
}

/** Forwards connections to a Service, because no kube-proxy serves its address. */
export async function forward({ from, to }: ForwardOptions): Promise<{ close(): void }> {
  const server = createServer((socket) => {
    const target = to()
    if (target === undefined) return void socket.destroy()
    const onward = connect(target)
    socket.pipe(onward).pipe(socket)
    for (const end of [socket, onward])
      end.on('error', () => {
        socket.destroy()
        onward.destroy()
      })
  }).listen(from)
  await once(server, 'listening')
  server.unref()
  return { close: () => void server.close() }
}
