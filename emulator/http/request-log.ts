/** Logs requests, without the contents of headers and bodies. */

import type { TlsApp } from './tls-app.ts'

export interface SeenRequest {
  readonly method: string
  /** As requested, without the query. */
  readonly path: string
  readonly host: string
  /** 0 if the request isn't answered yet, or its connection was reset. */
  readonly status: number
  readonly hadAuthorization: boolean
  readonly atMs: number
}

/**
 * Adds every request to the log that it returns, the newest last. Call it before adding hooks and routes that answer
 * requests.
 */
export function logRequests(
  app: TlsApp,
  now: () => Date,
  maxEntries = 10_000,
): readonly SeenRequest[] {
  const log: SeenRequest[] = []
  const open = new WeakMap<object, { status: number }>()
  app.addHook('onRequest', async (request) => {
    const entry = {
      method: request.method,
      path: request.originalUrl.split('?')[0] ?? '',
      host: request.host,
      status: 0,
      hadAuthorization: request.headers.authorization !== undefined,
      atMs: now().getTime(),
    }
    open.set(request, entry)
    log.push(entry)
    if (log.length > maxEntries) log.shift()
  })
  // Set before the response is sent, so that a client that has it finds its status here.
  app.addHook('onSend', async (request, reply) => {
    const entry = open.get(request)
    if (entry !== undefined) entry.status = reply.statusCode
  })
  return log
}
