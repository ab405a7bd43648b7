import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { boundConnections } from './bound-connections.ts'
import { acceptQueue, type ListenAddress } from './listen-address.ts'

export interface HealthOptions {
  /** Without a host, all addresses: of IPv6 and IPv4, as far as the machine has them. */
  readonly listen: Pick<ListenAddress, 'port'> & Partial<ListenAddress>
  /** For each path, such as `/healthz`: why the check fails, or undefined if it passes. */
  readonly checks: Readonly<Record<string, () => string | undefined>>
  /** Returns the metrics in Prometheus' text format. */
  readonly metrics?: () => Promise<string>
  readonly limits?: Partial<typeof defaultLimits>
  /** Called for each connection that is closed because there are too many. */
  readonly onClosed?: () => void
}

export type Health = Awaited<ReturnType<typeof serveHealth>>

/**
 * Serves the kubelet's probes and Prometheus over plain HTTP. Anybody on the pod network may connect, so connections
 * are few, requests are small, and both are short: each answer closes its connection, unless metrics are read and
 * `keepAliveMs` is set.
 *
 * @throws Error if it can't listen
 */
export async function serveHealth(options: HealthOptions) {
  const server = createHealthServer(options)
  server.listen({ ...options.listen, backlog: acceptQueue })
  await once(server, 'listening')
  return {
    address: server.address() as AddressInfo,
    close(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}

function createHealthServer(options: HealthOptions): Server {
  const limits = { ...defaultLimits, ...options.limits }
  const server = createServer(
    {
      maxHeaderSize: 4 * 1024,
      headersTimeout: limits.requestTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
    },
    async (request, response) => {
      const { status, text, type } = await answer(request, options)
      const keepsOpen = type !== undefined && limits.keepAliveMs > 0
      response.writeHead(status, {
        'content-type': type ?? 'text/plain; charset=utf-8',
        'content-length': Buffer.byteLength(text),
        ...(!keepsOpen && { connection: 'close' }),
      })
      response.end(text)
    },
  )
  server.timeout = limits.idleTimeoutMs
  server.keepAliveTimeout = limits.keepAliveMs
  boundConnections(server, {
    maxConnections: limits.maxConnections,
    ...(options.onClosed && { onClosed: options.onClosed }),
  })
  return server
}

interface Answer {
  readonly status: number
  readonly text: string
  /** The content type of metrics. Absent: plain text. */
  readonly type?: string
}

async function answer(request: IncomingMessage, options: HealthOptions): Promise<Answer> {
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?')
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'expected GET\n' }
  if (path === '/metrics' && options.metrics !== undefined) return answerMetrics(options.metrics)
  const check = Object.hasOwn(options.checks, path) ? options.checks[path] : undefined
  if (check === undefined) return { status: 404, text: 'not found\n' }
  const problem = check()
  return { status: problem === undefined ? 200 : 503, text: `${problem ?? 'ok'}\n` }
}

/** A metric that can't be read must not end the process. */
async function answerMetrics(metrics: () => Promise<string>): Promise<Answer> {
  try {
    return { status: 200, text: await metrics(), type: 'text/plain; version=0.0.4; charset=utf-8' }
  } catch {
    return { status: 500, text: 'the metrics cannot be read\n' }
  }
}

/** A kubelet opens a connection for each probe and gives up after a second; Prometheus scrapes a few times a minute. */
const defaultLimits = {
  maxConnections: 256,
  /** The time limit for sending a whole request. */
  requestTimeoutMs: 3_000,
  /** How long a connection may stay silent. */
  idleTimeoutMs: 3_000,
  /** How long a connection stays open for the next request after metrics were read. 0: it is closed at once. */
  keepAliveMs: 0,
  checkIntervalMs: 500,
}
