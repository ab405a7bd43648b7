import { setTimeout as delay } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { createConnection, type Exchange } from '../keyvault/clients/connection.ts'
import { createServerTime } from '../keyvault/clients/server-time.ts'
import { takeEnvironment } from '../keyvault/entra/sdk-environment.ts'
import { VaultPauses } from '../keyvault/readers/vault-pauses.ts'
import { systemClock } from '../lib/clock.ts'
import { createFairPace } from '../lib/fair/fair-pace.ts'
import { createLog, type Log } from '../lib/log/log.ts'
import { runUntilSignal, untilAborted } from '../lib/server/run-until-signal.ts'
import { serveHealth } from '../lib/server/serve-health.ts'
import { printLines } from '../lib/terminal/print-lines.ts'
import type { RolloutSettings } from '../requests/rollouts/rollout-settings.ts'
import { connectCluster } from './cluster/api-server.ts'
import { ApiServerPinger } from './cluster/api-server-outage.ts'
import { createEventBudget } from './cluster/event-budget.ts'
import { type Controller, type ControllerOptions, startController } from './controller.ts'
import { type AccountSessionOptions, openAccountSession } from './fetch/account-session.ts'
import { followTokenProxy } from './fetch/follow-token-proxy.ts'
import { FairShares } from './memory/fair-shares.ts'
import { SyncMetrics } from './metrics/metrics.ts'
import { createVaultPace } from './pace/vault-pace.ts'
import type { StartedRollouts, StartedServices } from './rollouts/start-rollouts.ts'
import { createTryLimit } from './round/settle/try-limit.ts'
import { readSyncSettings, type SyncFlags, type SyncSettings } from './settings.ts'

/** A running write may finish. Kubernetes kills the process after 30 s. */
const graceMs = 15_000
const clock = systemClock

/**
 * Runs `akv-injector sync`: keeps Secrets in sync with the vaults until SIGTERM or SIGINT.
 *
 * @returns the exit code: 0 after a signal, 1 if it can't listen or no API server is configured, 2 for invalid settings
 */
export async function syncMain(flags: SyncFlags, env = takeEnvironment()): Promise<number> {
  const read = readSyncSettings(flags, env)
  if (read.kind === 'invalid') {
    const problems = read.problems.map((problem) => `  ${problem}`)
    printLines(process.stderr, ['akv-injector sync: invalid settings', ...problems])
    return 2
  }
  return await runUntilSignal('sync', (signal) => sync(read.value, { env, signal }))
}

async function sync(
  settings: SyncSettings,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<void> {
  const { policy, healthListen, kinds, watch } = settings
  const log = createLog({ level: settings.logLevel })
  const agent = createConnection({ ca: policy.cloud.ca, env })
  // Aborts requests to the API server once writes have had time to finish.
  const end = new AbortController()
  const pace = createFairPace({ clock, signal: end.signal })
  let controller: Controller | undefined
  const metrics = new SyncMetrics(
    (namespace, name) => controller?.isEnabled(namespace, name) === true,
  )
  const cluster = connectCluster({
    signal: end.signal,
    pace,
    onForbidden: (namespace) => controller?.forbidden(namespace),
  })
  const health = await serveHealth({
    listen: healthListen,
    checks: {
      '/healthz': () => undefined,
      '/readyz': () => (controller ? controller.problem() : 'has not started yet'),
    },
    metrics: () => metrics.text(),
  })
  log.info('syncing Secrets', { watch, kinds, healthPort: health.address.port })
  try {
    const tokenProxy = followTokenProxy(settings.tokenProxy, { clock, log, signal })
    const openSession = sessionOpener({
      cloud: policy.cloud,
      cluster,
      agent,
      fairPace: pace,
      tokenProxy,
      metrics,
      signal,
    })
    const events = createEventBudget(clock)
    const memory = new FairShares({ maxBytes: keptBytes(), namespaces: 1 })
    const tries = createTryLimit(clock)
    const kept = { memory, pace, events, tries }
    const outage = new ApiServerPinger({ cluster, clock, log, signal })
    const shared = { cluster, outage, policy, metrics, ...kept, clock, log, signal, openSession }
    const rollouts = settings.rollouts && (await loadRollouts(settings.rollouts, shared))
    controller = startController({ ...shared, kinds, watch, onRollouts: rollouts?.onAllowed })
    await untilEnded(Promise.all([controller.ended(), rollouts?.ended()]), { signal, log })
  } finally {
    end.abort()
    agent.destroy()
    health.close()
  }
}

/** Loads what rolls out workloads, which the controller doesn't need otherwise. */
async function loadRollouts(
  settings: RolloutSettings,
  shared: Omit<StartedServices, 'settings'>,
): Promise<StartedRollouts> {
  const { startRollouts } = await import('./rollouts/start-rollouts.ts')
  return startRollouts({ ...shared, settings })
}

/**
 * How much may be kept for what strangers write. Of some of it, there are three versions at times: one that a round is still
 * working on, one that has been read, and one that is being read.
 */
const keptBytes = (): number => getHeapStatistics().heap_size_limit / 4

/** All accounts share the connection pool and the pauses of throttled vaults. */
function sessionOpener({
  signal,
  tokenProxy,
  ...shared
}: Pick<AccountSessionOptions, 'cloud' | 'cluster' | 'agent' | 'fairPace' | 'metrics'> & {
  readonly signal: AbortSignal
  readonly tokenProxy: () => Exchange
}): ControllerOptions['openSession'] {
  const pauses = new VaultPauses(clock)
  const pace = createVaultPace({ clock, signal, pauses })
  const serverTime = createServerTime(clock)
  const all = { ...shared, serverTime, pace, pauses, clock }
  return (account, { identity, usesBinding }, heldToken) => {
    const exchange = usesBinding ? tokenProxy() : { agent: shared.agent }
    return openAccountSession({ ...all, exchange, account, identity, heldToken })
  }
}

async function untilEnded(
  ended: Promise<unknown>,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<void> {
  await untilAborted(signal)
  const late = new AbortController()
  const isLate = delay(graceMs, true, { signal: late.signal }).catch(() => false)
  if (await Promise.race([ended.then(() => false), isLate]))
    log.warn('stopping although some requests are still running')
  late.abort()
}
