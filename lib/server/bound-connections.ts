import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { chooseConnection, type OpenConnection } from './choose-connection.ts'

interface ConnectionBound {
  readonly maxConnections: number
  /** Called for each connection that is closed because there are too many. */
  readonly onClosed?: () => void
}

/**
 * Accepts every new connection, and closes another one if that makes too many. {@link chooseConnection} says which, so
 * a caller that opens many connections only closes its own. A connection that the kernel can't accept, for example for
 * lack of memory, doesn't end the process.
 *
 * A connection counts from the moment when TCP accepts it, even if it never begins its TLS handshake.
 *
 * If a caller sends a request before it has read the previous answer, its connection is closed. API servers and
 * kubelets don't do that, and a backlog of unread answers would take memory without a bound.
 */
export function boundConnections(
  server: Server | TlsServer,
  { maxConnections, onClosed = () => {} }: ConnectionBound,
): void {
  const table = createTable()

  // Without a listener, this error would be thrown. The server continues to listen after it.
  server.on('error', () => {})

  server.on('connection', (socket: Socket) => {
    const opened = table.add(socket)
    if (table.connections.size <= maxConnections) return
    const options = { maxConnections, nowMs: performance.now() }
    const closed = chooseConnection(table.connections.values(), options) ?? opened
    if (closed === undefined) return
    closed.remove()
    closed.socket.destroy()
    onClosed()
  })

  // Before the server's own listener, which may answer at once.
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = table.connections.get(connectionKey(request.socket))
    if (connection?.mayBegin()) connection.begin(request, response)
    else connection?.socket.destroy()
  })
}

interface Connection extends OpenConnection {
  readonly socket: Socket
  begin(request: IncomingMessage, response: ServerResponse): void
  /** Whether the caller may send a request: it has read our previous answer, as far as we know. */
  mayBegin(): boolean
  remove(): void
}

function createTable() {
  const connections = new Map<string, Connection>()
  const holders = new Map<string, { count: number }>()

  function add(socket: Socket): Connection | undefined {
    const { remoteAddress } = socket
    // The connection was closed already.
    if (remoteAddress === undefined) return void socket.destroy()
    const key = connectionKey(socket)
    const holder = holders.get(remoteAddress) ?? { count: 0 }
    const connection = trackConnection({ socket, holder, remove })
    function remove(): void {
      if (connections.get(key) !== connection) return
      connections.delete(key)
      holder.count--
      if (holder.count === 0) holders.delete(remoteAddress ?? '')
    }
    holders.set(remoteAddress, holder)
    holder.count++
    connections.set(key, connection)
    socket.once('close', remove)
    return connection
  }

  return { connections, add }
}

function trackConnection(opened: Pick<Connection, 'socket' | 'holder' | 'remove'>): Connection {
  let isChecking = false
  let exchange: { request: IncomingMessage; response: ServerResponse } | undefined
  // Plain members: with getters, each of these objects would have a shape of its own, and reading all of them takes long.
  const connection: Mutable<Connection> = {
    socket: opened.socket,
    holder: opened.holder,
    remove: opened.remove,
    sinceMs: performance.now(),
    wasUsed: false,
    waitsFor() {
      if (exchange === undefined) return 'idle'
      const { request, response } = exchange
      return request.complete && !response.headersSent ? 'answer' : 'transfer'
    },
    mayBegin() {
      if (exchange === undefined || exchange.response.writableFinished) return true
      const { response } = exchange
      if (isChecking || !response.writableEnded) return false
      // TLS reports that an answer is sent one turn of the event loop later, and the caller may be faster than that.
      isChecking = true
      setImmediate(() => {
        isChecking = false
        if (!response.writableFinished) opened.socket.destroy()
      })
      return true
    },
    begin(request, response) {
      const current = { request, response }
      exchange = current
      connection.sinceMs = performance.now()
      response.once('close', () => {
        connection.wasUsed ||= response.writableFinished
        if (exchange !== current) return
        exchange = undefined
        connection.sinceMs = performance.now()
      })
    },
  }
  return connection
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A TLS socket and the TCP socket below it are two objects, but have the same pair of addresses. */
export const connectionKey = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`
