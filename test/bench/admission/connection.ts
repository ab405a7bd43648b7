import { once } from 'node:events'
import { connect } from 'node:tls'

export interface Target {
  readonly port: number
  readonly ca: string
}

/**
 * Opens a TLS connection that sends requests, one body after the other, and checks each answer. It uses bare sockets, because
 * `node:https` needs more time for a request than the measured server.
 *
 * @returns a function that sends the next request and resolves when the answer has arrived; call it one at a time
 */
export async function openConnection({ port, ca }: Target, bodies: readonly string[]) {
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca })
  socket.setNoDelay()
  await once(socket, 'secureConnect')
  const messages = bodies.map((body) =>
    Buffer.from(
      `POST /mutate?timeout=5s HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  )
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
  socket.on('close', () => answered.reject(new Error('the server hung up')))
  answered.promise.catch(() => {})
  return {
    request(): Promise<void> {
      received = ''
      answered = Promise.withResolvers()
      socket.write(messages[sent++ % messages.length] ?? '')
      return answered.promise
    },
    close: () => socket.destroy(),
  }
}

export type Connection = Awaited<ReturnType<typeof openConnection>>

function isWholeAnswer(received: string): boolean {
  const bodyAt = received.indexOf('\r\n\r\n') + 4
  const [, length] = /content-length: (\d+)/i.exec(received) ?? []
  return bodyAt > 3 && received.length >= bodyAt + Number(length)
}
