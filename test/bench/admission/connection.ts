import { once } from 'node:events'
import { connect as connectPlainly } from 'node:net'
import { connect } from 'node:tls'

export interface Target {
  readonly port: number
  readonly ca: string
  readonly path: string
  /** The client's own address. Default: 127.0.0.1. */
  readonly from?: string
}

/**
 * Opens a TLS connection that sends requests, one body after the other, and checks each answer. It uses bare sockets, because
 * `node:https` needs more time for a request than the measured server. As from an API server, a request arrives in more
 * than one TLS record.
 */
export async function openConnection(
  { port, ca, path, from = '127.0.0.1' }: Target,
  bodies: readonly string[],
) {
  // The options of `tls.connect` know no local address.
  const plain = connectPlainly({ host: '127.0.0.1', port, localAddress: from, noDelay: true })
  const socket = connect({ socket: plain, servername: 'localhost', ca })
  await once(socket, 'secureConnect')
  const messages = bodies.map((text) => {
    const body = Buffer.from(text)
    const head = `POST ${path}?timeout=5s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`
    return {
      head: Buffer.concat([Buffer.from(head), body.subarray(0, 2_048)]),
      rest: body.subarray(2_048),
    }
  })
  let sent = 0
  let received = ''
  let answered = Promise.withResolvers<void>()
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    if (!isWholeAnswer(received)) return
    if (received.startsWith('HTTP/1.1 200 ') && received.includes('"patch":"')) answered.resolve()
    else answered.reject(new Error(`no patch: ${received.slice(0, 500)}`))
  })
  socket.on('error', (error) => answered.reject(error))
  socket.on('close', () => answered.reject(new Error(lost)))
  answered.promise.catch(() => {})
  return {
    /** Sends the next request and resolves when the answer has arrived. Call it one at a time. */
    request(): Promise<void> {
      received = ''
      answered = Promise.withResolvers()
      const message = messages[sent++ % messages.length]
      if (socket.destroyed) answered.reject(new Error(lost))
      else if (message !== undefined) {
        socket.write(message.head)
        if (message.rest.length > 0) socket.write(message.rest)
      }
      return answered.promise
    },
    close: () => socket.destroy(),
  }
}

export type Connection = Awaited<ReturnType<typeof openConnection>>

/** The server closed the connection before its answer was complete. */
const lost = 'the connection was closed without an answer'
export const isLost = (error: unknown): boolean =>
  error instanceof Error &&
  (error.message === lost || ('code' in error && error.code === 'ECONNRESET'))

function isWholeAnswer(received: string): boolean {
  const bodyAt = received.indexOf('\r\n\r\n') + 4
  const [, length] = /content-length: (\d+)/i.exec(received.slice(0, bodyAt)) ?? []
  return bodyAt > 3 && received.length >= bodyAt + Number(length)
}
