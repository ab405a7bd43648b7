import { randomUUID } from 'node:crypto'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { type FastifyError, type FastifyInstance, type FastifyReply, fastify } from 'fastify'
import type { IssuedPem } from '../../certs/issue.ts'
import { vaultBody } from '../refusals/vault-refusal.ts'

export type TlsApp = FastifyInstance<Server>

/** Enough for a secret of 25 KiB with every byte escaped in JSON. */
const maxBodyBytes = 256 * 1024
/** Names have up to 127 characters. Longer ones must reach the handlers, which answer them as the service does. */
const maxParameterLength = 2048
const maxConnections = 1000

/** The Fastify application that serves Entra and the vaults, without its routes. */
export function createTlsApp({ certificatePem, keyPem }: IssuedPem): TlsApp {
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
        message: `The emulator does not support ${method} ${url.split('?')[0]}.`,
      }),
    ),
  )
  return app
}

/** Gives routes the body as text, whatever its content type. Call it in the scope of those routes. */
export function takeBodiesAsText(app: TlsApp): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'string' },
    async (_request: unknown, body: unknown) => body,
  )
}

/** Node's own `closeAllConnections` misses connections during their TLS handshake, and `close` would wait for them. */
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

/** A request that Fastify refuses is the caller's mistake; other errors are the emulator's. */
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
 * The path names the vault (`/team-a/secrets/x`). As with the service, the host may name it instead (`Host:
 * team-a.vault.example` and `/secrets/x`); such a path gets the vault's name in front.
 */
function vaultPath(url: string, host = ''): string {
  const vault = /^([0-9a-z-]+)\.[0-9a-z-]+(?:\.[0-9a-z-]+)*(?::\d+)?$/i.exec(host)?.[1]
  return vault !== undefined &&
    /^\/(?:secrets|deletedsecrets|keys|certificates)(?:[/?]|$)/i.test(url)
    ? `/${vault}${url}`
    : url
}
