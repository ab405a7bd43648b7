import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ListenAddress } from './listen-address.ts'

export interface HealthOptions {
  readonly listen: ListenAddress
  /** By path, such as `/healthz`: why it isn't well, or undefined. */
  readonly checks: Readonly<Record<string, () => string | undefined>>
  /** What `/metrics` answers, in Prometheus' text format. */
  readonly metrics?: () => Promise<string>
}

export interface Health {
  readonly port: number
  close(): void
}

const plainText = 'text/plain; charset=utf-8'

/**
 * Serves what probes and Prometheus ask for, over plain HTTP.
 *
 * @throws Error when it can't listen
 */
export async function serveHealth(options: HealthOptions): Promise<Health> {
  const server = createServer(async (request, response) => {
    const { status, text } = await answer(request.url ?? '', options)
    response.writeHead(status, { 'content-type': plainText })
    response.end(text)
  })
  server.listen(options.listen.port, options.listen.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(url: string, { checks, metrics }: HealthOptions) {
  const [path = ''] = url.split('?')
  if (path === '/metrics' && metrics !== undefined) return { status: 200, text: await metrics() }
  const check = Object.hasOwn(checks, path) ? checks[path] : undefined
  if (check === undefined) return { status: 404, text: 'not found\n' }
  const problem = check()
  return { status: problem === undefined ? 200 : 503, text: `${problem ?? 'ok'}\n` }
}
