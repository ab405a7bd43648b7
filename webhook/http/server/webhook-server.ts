import { constants } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server } from 'node:https'
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import { boundConnections } from '../../../lib/server/bound-connections.ts'
import { spreadHandshakes } from '../../../lib/server/spread-handshakes.ts'
import { type LogOptions, loggerOptions } from './logger-options.ts'
import type { Metrics } from './metrics.ts'
import type { Refusal, Refuse } from './refusal.ts'

export type WebhookServer = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger
>

/** Bounds on the time and number of connections. The defaults suit an API server; tests use shorter times. */
export interface ServerLimits {
  readonly handshakeTimeoutMs: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly checkIntervalMs: number
  readonly maxConnections: number
}

/**
 * The server's TLS settings. Each reload of the certificate has to repeat them. TLS 1.2 is for old clients, but only with
 * forward secrecy and authenticated encryption (RFC 9325, section 4.2): no CBC, and no SHA-1. Go has offered these suites since
 * 2013. Without the names of TLS 1.3, Node would turn it off.
 *
 * The groups are those that API servers offer, best first: Go sends keys for X25519MLKEM768 and X25519, before 1.24 only for
 * X25519, and in FIPS 140 mode for P-256. Of Node's default, P-521 costs ten times as much CPU, and a stranger who sends keys for
 * it would keep the webhook busy with a few hundred connections a second.
 */
export const tlsOptions = {
  minVersion: 'TLSv1.2',
  ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384',
  ciphers: [
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
  ].join(':'),
  sigalgs: [
    'ecdsa_secp256r1_sha256',
    'ecdsa_secp384r1_sha384',
    'ecdsa_secp521r1_sha512',
    'ed25519',
    'rsa_pss_rsae_sha256',
    'rsa_pss_rsae_sha384',
    'rsa_pss_rsae_sha512',
    'rsa_pkcs1_sha256',
    'rsa_pkcs1_sha384',
    'rsa_pkcs1_sha512',
  ].join(':'),
} as const

/**
 * The TLS settings of a server that asks for certificates, besides {@link tlsOptions}. A session that is resumed isn't verified
 * again, so there are no tickets; the API server doesn't resume sessions.
 */
export const clientTlsOptions = (ca: string) => ({
  ca,
  secureOptions: constants.SSL_OP_NO_TICKET,
})

/** An HTTPS server without routes. Handshakes fail until it is given a certificate. */
export function createWebhookServer(options: {
  readonly log: LogOptions
  readonly refuse: Refuse
  readonly metrics: Metrics
  readonly limits?: Partial<ServerLimits> | undefined
  /** Whether clients are asked for a certificate. A handshake without one succeeds: a request can be refused with a reason. */
  readonly asksForCertificate?: boolean
}): WebhookServer {
  const limits = { ...defaultLimits, ...options.limits }
  const app: WebhookServer = fastify({
    https: {
      ...tlsOptions,
      ...(options.asksForCertificate && { requestCert: true, rejectUnauthorized: false }),
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: limits.handshakeTimeoutMs,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      maxHeaderSize: 8 * 1024,
    },
    requestTimeout: limits.requestTimeoutMs,
    // For a caller that stops in the middle of its request or of our answer.
    connectionTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    // While draining, accepted requests are still answered. Fastify would answer 503.
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // Fastify's own answer would contain the whole path.
    frameworkErrors: (_error, _request, reply) => options.refuse(reply, notUrl),
    logger: loggerOptions(options.log),
    logController: new LogController({ disableRequestLogging: true }),
    // One logger serves all requests, because each line is complete, and a child logger for each request costs time.
    childLoggerFactory: (logger) => logger,
  })
  spreadHandshakes(app.server, { timeoutMs: limits.handshakeTimeoutMs })
  boundConnections(app.server, {
    maxConnections: limits.maxConnections,
    onClosed: () => options.metrics.countClosedConnection('admission'),
  })
  return app
}

const notUrl: Refusal = { status: 400, sentence: 'expected a valid URL path' }

/** The API server closes idle connections after 90 s. The client should be the one that closes first. */
const keepAliveTimeoutMs = 100_000

const defaultLimits: ServerLimits = {
  handshakeTimeoutMs: 5_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  checkIntervalMs: 1_000,
  maxConnections: 1_024,
}
