import type { Clock } from '../../../lib/clock.ts'
import { createLog } from '../../../lib/log/log.ts'
import { createEventBudget } from '../../../sync/cluster/event-budget.ts'
import { startController } from '../../../sync/controller.ts'
import { SyncMetrics } from '../../../sync/metrics/metrics.ts'
import { createTryLimit } from '../../../sync/round/settle/try-limit.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { policy } from '../../webhook/core/policy.ts'
import { ampleShares } from './ample-shares.ts'
import { freePace } from './free-pace.ts'
import { type MemoryObjects, memoryCluster } from './memory-cluster.ts'
import { noOutage } from './no-outage.ts'

/** No refresh becomes due, so each account has the same number of rounds. */
function clockBeforeRefresh(): Clock {
  const clock = fakeClock({})
  const untilAborted = (signal: AbortSignal | undefined) =>
    new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
  const longestMs = 10_000
  return {
    ...clock,
    sleep: (ms, signal) => (ms > longestMs ? untilAborted(signal) : clock.sleep(ms, signal)),
  }
}

/**
 * Runs the controller until each account has its Secrets, and asks for the metrics twice.
 *
 * @param readValue - gives the value of each object of the vault, or throws
 * @returns the number of ExternalSecrets and stores that are ready then
 */
export async function syncOnce(
  objects: MemoryObjects,
  readValue: () => string = () => 'value',
): Promise<number> {
  const { accounts, classes = [], externalSecrets = [] } = objects
  const { cluster, statuses, readies } = memoryCluster(objects)
  const stop = new AbortController()
  const clock = clockBeforeRefresh()
  const metrics = new SyncMetrics(() => true)
  const controller = startController({
    watch: 'cluster',
    kinds: [
      ...(classes.length > 0 ? (['SecretProviderClass'] as const) : []),
      ...(externalSecrets.length > 0 ? (['ExternalSecret'] as const) : []),
    ],
    cluster,
    outage: noOutage,
    policy,
    metrics,
    events: createEventBudget(clock),
    memory: ampleShares(),
    pace: freePace,
    tries: createTryLimit(clock),
    clock,
    log: createLog({ level: 'error', write: () => undefined }),
    signal: stop.signal,
    openSession: () => ({
      signIn: { principal: 'test', token: async () => 'token', forget: () => undefined },
      reader: {
        read: async () => ({
          kind: 'secret',
          version: '0'.repeat(32),
          value: readValue(),
          contentType: undefined,
          isCertificate: false,
        }),
        listVersions: async () => [],
        secretPages: () => secretPagesOf(),
      },
    }),
  })
  await metrics.text()
  while (statuses() < accounts.length) await new Promise(setImmediate)
  await metrics.text()
  stop.abort()
  await controller.ended()
  return readies()
}
