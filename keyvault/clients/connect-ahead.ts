import type { Agent, RequestOptions } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'

/** A connection that no request has taken by then is closed. */
const maxIdleMs = 10_000

/**
 * Opens connections in a pool before the requests that need them, so that their handshakes take no time of their own. The
 * first requests take them, and then they are connections of the pool like any other. Does nothing in a pool with a
 * proxy, because there a connection begins with a request to the proxy. Never throws: a connection that fails is
 * forgotten, and the request that opens the next one has the error.
 *
 * @param agent - the pool; call this once for each
 * @param counts - how many connections to open, by the URL to send requests to
 */
export function connectAhead(agent: Agent, counts: ReadonlyMap<string, number>): void {
  if (hasProxy(agent)) return
  const open = new Map<string, IdleSocket[]>()
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) =>
    takeUsable(open.get(hostOf(options))) ?? connect(options, callback)
  for (const [url, count] of counts) {
    const { hostname, port } = urlToHttpOptions(new URL(url))
    const host = String(hostname)
    const servername = agent.options.servername ?? (isIP(host) ? '' : host)
    const options = { host, port: Number(port || httpsPort), servername }
    const sockets = open.get(hostOf(options)) ?? []
    open.set(hostOf(options), sockets)
    for (let i = 0; i < count; i++)
      sockets.push(keepIdle(connect({ ...agent.options, ...options }) as Socket))
  }
}

const httpsPort = 443

const hasProxy = ({ options }: Agent): boolean =>
  Object.keys((options as { readonly proxyEnv?: object }).proxyEnv ?? {}).length > 0

const hostOf = ({ host, port }: Pick<RequestOptions, 'host' | 'port'>): string =>
  `${host}:${port || httpsPort}`

interface IdleSocket {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
}

function keepIdle(socket: Socket): IdleSocket {
  socket.on('error', () => undefined)
  // Only a request is worth waiting for.
  socket.unref()
  return { socket, timer: setTimeout(() => socket.destroy(), maxIdleMs).unref() }
}

/** Takes the first of the sockets that hasn't failed or been closed meanwhile. */
function takeUsable(sockets: IdleSocket[] = []): Socket | undefined {
  for (let next = sockets.shift(); next !== undefined; next = sockets.shift()) {
    clearTimeout(next.timer)
    if (!next.socket.destroyed && next.socket.writable) return next.socket.ref()
  }
  return undefined
}
