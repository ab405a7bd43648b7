import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { acceptQueue, type ListenAddress } from '../../lib/server/listen-address.ts'
import { type Health, type HealthOptions, serveHealth } from '../../lib/server/serve-health.ts'
import type { Policy } from '../../requests/administrator/policy.ts'
import type { Settings } from '../../requests/administrator/settings/read-settings.ts'
import type { ApiAccess } from '../api-server/api-access.ts'
import { type GetObject, ObjectGetter } from '../api-server/get-object.ts'
import { createLookUp } from '../api-server/look-up.ts'
import { mutate } from '../core/mutate.ts'
import { createTurns, type TakeTurn } from '../sharing/turns.ts'
import { watchTls } from './certificate/watch-tls.ts'
import { LivePolicy } from './live-policy.ts'
import type { LogOptions } from './server/logger-options.ts'
import { createMetrics, type Metrics } from './server/metrics.ts'
import type { ServerLimits, WebhookServer } from './server/webhook-server.ts'
import { buildWebhookApp } from './webhook-app.ts'

export interface StartWebhookOptions {
  readonly settings: Settings
  /** Where SecretProviderClasses are looked up. Absent: nothing is looked up. */
  readonly apiAccess?: ApiAccess
  /** The destination of log lines. Default: standard output. */
  readonly logStream?: LogOptions['stream']
  readonly limits?: Partial<ServerLimits>
  /** How often the TLS folder and the file of defaults are checked. */
  readonly certificatePollMs?: number
  /** How long it still serves after `close`, until the cluster has stopped sending requests. */
  readonly drainMs?: number
  /** How long requests in flight may take after that. */
  readonly finishMs?: number
  /** Waits for this many milliseconds. Default: a timer. */
  readonly sleep?: (ms: number) => Promise<void>
  /** Milliseconds of a monotonic clock. Default: `performance.now`. */
  readonly elapsedMs?: () => number
}

export interface RunningWebhook {
  /** The actual address. The settings may ask for any free port. */
  readonly address: AddressInfo
  readonly healthAddress: AddressInfo
  /** Drains and stops. Further calls join the first. */
  close(): Promise<void>
}

/**
 * Serves admission and health. Without a certificate it starts, but isn't ready, because in a new cluster the certificate
 * is issued later.
 *
 * @throws Error when it can't listen at an address of the settings
 */
export async function startWebhook(options: StartWebhookOptions): Promise<RunningWebhook> {
  const { settings } = options
  const metrics = createMetrics()
  const { elapsedMs = () => performance.now() } = options
  const takeTurn = createTurns({ elapsedMs })
  const reader =
    options.apiAccess && new ObjectGetter({ access: options.apiAccess, takeTurn, elapsedMs })
  let closing: Promise<void> | undefined
  const isDraining = () => closing !== undefined
  let caVersion = 0
  const policy = new LivePolicy(settings)
  const app = createApp(options, {
    metrics,
    elapsedMs,
    get: reader && ((request, signal) => reader.get(request, signal)),
    takeTurn,
    isDraining,
    caVersion: () => caVersion,
    policy: () => policy.current(),
  })
  const intervalMs = options.certificatePollMs ?? 5_000
  await policy.follow({ log: app.log, metrics, intervalMs })
  const tls = await watchTls(app, {
    settings,
    intervalMs,
    metrics,
    onCaChanged: () => caVersion++,
  })
  app.addHook('onClose', async () => {
    policy.stop()
    tls.stop()
    reader?.close()
  })
  const notReadyReason = () => (isDraining() ? 'shutting down' : tls.problem(new Date()))
  const health = await listen(app, settings.listen, {
    listen: settings.healthListen,
    checks: { '/healthz': () => undefined, '/readyz': () => notReady(notReadyReason()) },
    metrics: () => metrics.registry.metrics(),
    onClosed: () => metrics.countClosedConnection('health'),
  })
  return {
    address: app.server.address() as AddressInfo,
    healthAddress: health.address,
    close() {
      closing ??= drain(app, options).finally(() => health.close())
      return closing
    },
  }
}

function createApp(
  { settings, logStream, limits }: StartWebhookOptions,
  parts: {
    readonly metrics: Metrics
    readonly elapsedMs: () => number
    readonly get: GetObject | undefined
    readonly takeTurn: TakeTurn
    readonly isDraining: () => boolean
    readonly caVersion: () => number
    readonly policy: () => Policy
  },
): WebhookServer {
  const { metrics, elapsedMs, isDraining, get, takeTurn, caVersion, policy } = parts
  const { clients } = settings
  const countLookup = metrics.countClassLookup
  return buildWebhookApp({
    decide: (request, lookedUp) => mutate(request, policy(), lookedUp),
    metrics,
    elapsedMs,
    takeTurn,
    ...(get && { lookUp: createLookUp({ get, countLookup, elapsedMs }) }),
    log: { level: settings.logLevel, stream: logStream },
    isDraining,
    ...(clients && { clients: { names: clients.names, caVersion } }),
    ...(limits && { limits }),
  })
}

async function listen(
  app: WebhookServer,
  at: ListenAddress,
  healthOptions: HealthOptions,
): Promise<Health> {
  try {
    await app.listen({ ...at, backlog: acceptQueue })
    const health = await serveHealth(healthOptions)
    app.log.info({ healthPort: health.address.port }, 'health server listening')
    return health
  } catch (error) {
    await app.close()
    throw error
  }
}

const notReady = (reason: string | undefined): string | undefined =>
  reason === undefined ? undefined : `not ready: ${reason}`

/**
 * 1. Continue to serve, because requests keep arriving until every node knows that this pod is leaving. Each answer
 *    closes its connection. Closing one here could interrupt a request, and the API server doesn't repeat a POST.
 * 2. Stop listening, close idle connections, and let requests in flight finish.
 * 3. Close the connections of requests that don't finish in time, before the kubelet kills the process.
 */
async function drain(app: WebhookServer, options: StartWebhookOptions): Promise<void> {
  app.log.info('shutting down')
  const { sleep = delay, drainMs = 5_000 } = options
  await sleep(drainMs)
  const deadline = setTimeout(() => app.server.closeAllConnections(), options.finishMs ?? 20_000)
  await app.close()
  clearTimeout(deadline)
}
