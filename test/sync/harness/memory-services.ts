import { createHash } from 'node:crypto'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { SyncCluster } from '../../../sync/cluster/cluster-port.ts'
import { createEventBudget } from '../../../sync/cluster/event-budget.ts'
import { SyncMetrics } from '../../../sync/metrics/metrics.ts'
import type { RoundServices } from '../../../sync/round/services.ts'
import { noKnownSources } from '../../../sync/round/settle/decide-sources.ts'
import { createTryLimit } from '../../../sync/round/settle/try-limit.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { secretPagesOf } from '../../support/secret-pages.ts'
import { policy } from '../../webhook/core/policy.ts'
import { ampleShares } from './ample-shares.ts'
import { freePace } from './free-pace.ts'
import { noOutage } from './no-outage.ts'

/** What the rounds of accounts need, without HTTP: every vault has the secrets of a table. */
export function memoryServices(options: {
  readonly cluster: SyncCluster
  readonly values: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}) {
  const { cluster, values, signal = new AbortController().signal } = options
  const { log, lines } = memoryLog()
  const clock = fakeClock({})
  const services: RoundServices = {
    cluster,
    outage: noOutage,
    policy,
    openSession: () => ({
      signIn: { principal: 'web', token: async () => 'token', forget: () => undefined },
      reader: {
        async read({ name }) {
          const value = values[name]
          if (value === undefined) throw new AkvError('AKV_OBJECT_NOT_FOUND', `no ${name}`)
          const version = createHash('md5').update(value).digest('hex')
          return { kind: 'secret', value, version, contentType: undefined, isCertificate: false }
        },
        listVersions: async () => [],
        secretPages: () => secretPagesOf(),
      },
    }),
    sourcesOf: () => noKnownSources,
    metrics: new SyncMetrics(() => false),
    events: createEventBudget(clock),
    memory: ampleShares(),
    pace: freePace,
    tries: createTryLimit(clock),
    clock,
    log,
    signal,
  }
  return { services, lines }
}
