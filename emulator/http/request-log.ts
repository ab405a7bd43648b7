/** The requests seen, newest last; never a header's or a body's content. */

import type { TlsApp } from './tls-app.ts'

export interface SeenRequest {
  readonly method: string
  /** As it was asked for, without the query. */
  readonly path: string
  readonly host: string
  /** 0: not answered (yet), or the connection was reset. */
  readonly status: number
  readonly hadAuthorization: boolean
  readonly atMs: number
}

/** Call it before anything that may answer a request. */
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
  // Before the answer leaves: whoever has it can rely on finding its status here.
  app.addHook('onSend', async (request, reply) => {
    const entry = open.get(request)
    if (entry !== undefined) entry.status = reply.statusCode
  })
  return log
}
