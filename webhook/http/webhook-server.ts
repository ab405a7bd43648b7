import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { boundConnections } from '../../lib/bound-connections.ts'
import { type LogOptions, loggerOptions } from './logger-options.ts'
import type { Refusal, Refuse } from './refusal.ts'

export type WebhookServer = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger
>

/** How long a caller may take, and how many may call. The defaults suit an API server; tests have less patience. */
export interface ServerLimits {
  readonly handshakeTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly checkIntervalMs: number
  readonly maxConnections: number
}

/** The TLS settings that a server is made with, and that each reload of the certificate has to repeat. */
export const tlsOptions = { minVersion: 'TLSv1.2' } as const

/** An HTTPS server without routes and, so far, without a certificate: handshakes fail until it has one. */
export function createWebhookServer(options: {
  readonly log: LogOptions
  readonly refuse: Refuse
  readonly limits?: Partial<ServerLimits> | undefined
}): WebhookServer {
  const limits = { ...defaultLimits, ...options.limits }
  const app: WebhookServer = fastify({
    https: {
      ...tlsOptions,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeTimeoutMs,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      maxHeaderSize: 8 * 1024,
    },
    requestTimeout: limits.requestTimeoutMs,
    // A caller that stops in the middle of its request, or of our answer.
    connectionTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // A drain finishes what it has accepted; Fastify would answer 503.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // Fastify's own answer would repeat the whole path.
    frameworkErrors: (_error, _request, reply) => options.refuse(reply, notUrl),
    logger: loggerOptions(options.log),
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all requests: each line is complete in itself, and a child for each request costs.
    childLoggerFactory: (logger) => logger,
  })
  boundConnections(app.server, limits)
  return app
}

const notUrl: Refusal = { status: 400, sentence: 'expected a URL, found a path that is not valid' }

/** Kubernetes keeps an idle connection for 90 s; whoever closes first should be the client. */
const keepAliveTimeoutMs = 100_000

const defaultLimits: ServerLimits = {
  handshakeTimeoutMs: 5_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  checkIntervalMs: 1_000,
  maxConnections: 1_024,
}
