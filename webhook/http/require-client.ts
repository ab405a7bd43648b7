import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { connectionKey } from '../../lib/server/bound-connections.ts'
import { clientProblem } from './certificate/client-problem.ts'
import type { Refuse } from './server/refusal.ts'
import type { WebhookServer } from './server/webhook-server.ts'

export interface RequireClientOptions {
  /** Accepted names; an empty list accepts any. */
  readonly names: readonly string[]
  /** The version of the authorities in use. It changes when they do. */
  readonly caVersion: () => number
  readonly refuse: Refuse
}

/**
 * Refuses requests of clients without an accepted certificate before their body is read. None of it is held.
 *
 * A certificate is verified in the handshake. If the authorities have changed since, the connection is closed with the next
 * answer, so that the client's next connection is judged by the new ones. Refusing the request instead would fail a pod,
 * because the API server doesn't repeat a POST.
 */
export function requireClient(
  app: WebhookServer,
  { names, caVersion, refuse }: RequireClientOptions,
): void {
  // By what TCP accepts: a handshake that takes long is still judged by the authorities at its begin.
  const versions = new Map<string, number>()
  app.server.on('connection', (socket: Socket) => {
    const key = connectionKey(socket)
    versions.set(key, caVersion())
    socket.once('close', () => versions.delete(key))
  })

  app.addHook('onRequest', (request, reply, next) => {
    const socket = request.raw.socket as TLSSocket
    const certificate = socket.getPeerX509Certificate()
    // An Error by its type, a code in fact.
    const error = socket.authorized ? undefined : String(socket.authorizationError)
    const problem = clientProblem({ certificate, error }, { names, now: new Date() })
    // Of the 4xx, the API server repeats the text of a 403 and hardly any other.
    if (problem !== undefined) return refuse(reply, { status: 403, sentence: problem })
    if (versions.get(connectionKey(socket)) !== caVersion()) reply.header('connection', 'close')
    return next()
  })
}
