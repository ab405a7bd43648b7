/** The Fastify application that serves Entra and the vaults, without its routes. */

import { randomUUID } from 'node:crypto'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import { vaultBody } from '../refusals/vault-refusal.ts'

export type TlsApp = FastifyInstance<Server>

export interface ServingCertificate {
  readonly certificatePem: string
  readonly keyPem: string
}

/** A secret of 25 KiB whose every byte is escaped in JSON, with room around it. */
const maxBodyBytes = 256 * 1024
/** Names go up to 127 characters; anything longer is answered, not matched. */
const maxParameterLength = 2048
const maxConnections = 1000

export function createTlsApp({ certificatePem, keyPem }: ServingCertificate): TlsApp {
  const app = fastify({
    https: { cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' },
    bodyLimit: maxBodyBytes,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    frameworkErrors: (error, _request, reply) => answerError(error, reply),
    rewriteUrl: ({ url = '/', headers }) => vaultPath(url, headers.host),
    routerOptions: {
      ignoreTrailingSlash: true,
      caseSensitive: false,
      maxParamLength: maxParameterLength,
    },
  })
  app.server.maxConnections = maxConnections
  endConnectionsOnClose(app)
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(error, reply))
  app.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send(
      vaultBody({
        code: 'NotFound',
        message: `The emulator serves no ${method} ${url.split('?')[0]}.`,
      }),
    ),
  )
  return app
}

/** Leaves bodies to the routes, whatever they are said to be. Call it in the scope of those routes. */
export function takeBodiesAsText(app: TlsApp): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'string' },
    async (_request: unknown, body: unknown) => body,
  )
}

/** Node's own way to do this misses connections whose TLS handshake isn't over, and then waits for them. */
function endConnectionsOnClose(app: TlsApp): void {
  const sockets = new Set<Duplex>()
  let closing = false
  app.server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    if (closing) socket.destroy()
  })
  app.addHook('preClose', async () => {
    closing = true
    for (const socket of sockets) socket.destroy()
  })
}

/** What Fastify refuses before a route sees it is the caller's mistake; the rest is ours. */
function answerError({ statusCode = 500, message }: FastifyError, reply: FastifyReply) {
  return statusCode < 500
    ? reply.code(statusCode).send(vaultBody({ code: 'BadParameter', message }))
    : reply.code(500).send(
        vaultBody({
          code: 'InternalServerError',
          message: 'The emulator failed on this request.',
        }),
      )
}

/**
 * Vaults are told apart by path (`/team-a/secrets/x`), and also, as the service does it, by host
 * (`Host: team-a.vault.example` and `/secrets/x`), which becomes the former here.
 */
function vaultPath(url: string, host = ''): string {
  const vault = /^([0-9a-z-]+)\.[0-9a-z-]+(?:\.[0-9a-z-]+)*(?::\d+)?$/i.exec(host)?.[1]
  return vault !== undefined &&
    /^\/(?:secrets|deletedsecrets|keys|certificates)(?:[/?]|$)/i.test(url)
    ? `/${vault}${url}`
    : url
}
