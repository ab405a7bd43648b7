import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { LookStatus } from './controller.ts'

export interface HealthOptions {
  readonly listen: { readonly host: string; readonly port: number }
  readonly status: () => LookStatus
  readonly elapsedMs: () => number
  /** A loop that hasn't looked for so long hangs. */
  readonly staleMs: number
}

export interface Health {
  readonly port: number
  close(): void
}

/**
 * `/healthz`: the loop is alive, whatever it finds, as a restart heals nothing in the cluster. `/readyz`: everything
 * is in place, else why not.
 *
 * @throws Error when it can't listen
 */
export async function serveHealth(options: HealthOptions): Promise<Health> {
  const { listen, status, elapsedMs, staleMs } = options
  const checks: Readonly<Record<string, () => string | undefined>> = {
    '/healthz': () =>
      elapsedMs() - status().atMs > staleMs ? 'has not looked for too long' : undefined,
    '/readyz': () => status().problem,
  }
  const server = createServer((request, response) => {
    const check = checks[request.url ?? '']
    const problem = check?.()
    response.writeHead(check === undefined ? 404 : problem === undefined ? 200 : 503, {
      'content-type': 'text/plain; charset=utf-8',
    })
    response.end(`${check === undefined ? 'not found' : (problem ?? 'ok')}\n`)
  })
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
