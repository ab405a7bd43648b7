import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { IssuedPem } from '../../../certs/issue.ts'

export interface Caller {
  readonly port: number
  readonly ca: string
  /** Default: `/mutate`. */
  readonly path?: string
  /** Absent: a connection of its own. */
  readonly agent?: Agent
  /** The caller's own certificate. */
  readonly certificate?: IssuedPem | undefined
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Who certified the connection that the answer came over. */
  readonly serialNumber: string
  /** Ours, which tells connections apart. */
  readonly localPort: number | undefined
}

// No session is kept either: a resumed one would show the certificate of the first.
const oneUse = new Agent({ keepAlive: false, maxCachedSessions: 0 })

/** Posts a review over TLS as the API server does. */
export function post(
  { port, ca, agent = oneUse, path = '/mutate', certificate }: Caller,
  body: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      servername: 'localhost',
      port,
      path: `${path}?timeout=5s`,
      method: 'POST',
      ca,
      agent,
      ...(certificate && { cert: certificate.certificatePem, key: certificate.keyPem }),
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    })
    call.on('response', (response) => {
      const { localPort } = response.socket
      const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate()
      text(response).then((body) => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body, serialNumber, localPort })
      }, reject)
    })
    call.on('error', reject)
    call.end(body)
  })
}

/** A bare TLS connection to write onto what no client would. */
export async function openSocket(
  { port, ca }: Caller,
  options: ConnectionOptions & { readonly localAddress?: string } = {},
): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', servername: 'localhost', port, ca, ...options })
  await once(socket, 'secureConnect')
  return socket
}

/** The first that the server says: headers and all that it sends with them. */
export async function firstSaid(socket: TLSSocket): Promise<string> {
  const [said] = await once(socket.setEncoding('utf8'), 'data')
  return said
}

/** All that the server says before it hangs up. */
export async function untilClosed(socket: TLSSocket): Promise<string> {
  let said = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  socket.on('error', () => {})
  if (!socket.closed) await once(socket, 'close')
  return said
}
