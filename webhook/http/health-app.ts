import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify'
import type { Metrics } from './metrics.ts'

export interface HealthAppOptions {
  readonly metrics: Metrics
  /** Why no pod should be sent here now, or undefined. */
  readonly notReadyReason: () => string | undefined
  readonly log: FastifyBaseLogger
}

/** `/healthz`, `/readyz` and `/metrics`, for the kubelet and Prometheus: plain HTTP, on a port of their own. */
export function buildHealthApp({
  metrics,
  notReadyReason,
  log,
}: HealthAppOptions): FastifyInstance {
  const app: FastifyInstance = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: (logger) => logger,
    requestTimeout: 10_000,
    bodyLimit: 1024,
    forceCloseConnections: true,
  })
  app.server.maxConnections = 256
  app.server.on('drop', () => app.server.closeIdleConnections())

  app.get('/healthz', () => 'ok\n')
  app.get('/readyz', (_request, reply) => {
    const reason = notReadyReason()
    return reason === undefined ? 'ok\n' : reply.code(503).send(`not ready: ${reason}\n`)
  })
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.registry.contentType)
    return metrics.registry.metrics()
  })
  return app
}
