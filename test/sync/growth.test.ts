import t from 'tap'
import type { Clock } from '../../lib/clock.ts'
import { createLog } from '../../lib/log/log.ts'
import { createEventBudget } from '../../sync/cluster/event-budget.ts'
import { startController } from '../../sync/controller.ts'
import { createSyncMetrics } from '../../sync/metrics.ts'
import { countBlocks } from '../support/count-steps.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { policy } from '../webhook/core/policy.ts'
import { classSpec, secretObject } from './harness/class-example.ts'
import { type MemoryObjects, memoryCluster } from './harness/memory-cluster.ts'
import { annotations } from './harness/simulation.ts'

/** Many accounts in each namespace, and many namespaces. */
const namespaceOf = (n: number) => `team-${n % 2 === 0 ? 0 : n}`

const metadataOf = (n: number, more: object = {}) => ({
  namespace: namespaceOf(n),
  name: `app-${n}`,
  uid: `uid-${n}`,
  resourceVersion: '1',
  creationTimestamp: new Date(1_700_000_000_000 + n * 1000).toISOString(),
  ...more,
})

/** Each account requests one Secret. */
function annotatedAccounts(count: number): MemoryObjects {
  const accounts = Array.from({ length: count }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: metadataOf(n, {
      annotations: annotations(`[{ secret: app-${n}, data: "a=b-${n}" }]`),
    }),
  }))
  return { accounts, classes: [] }
}

/** Each account reads a class that requests one Secret. */
function accountsWithClasses(count: number): MemoryObjects {
  const numbers = Array.from({ length: count }, (_, n) => n)
  return {
    accounts: numbers.map((n) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: metadataOf(n, { annotations: {} }),
    })),
    classes: numbers.map((n) => ({
      apiVersion: 'secrets-store.csi.x-k8s.io/v1',
      kind: 'SecretProviderClass',
      metadata: metadataOf(n, { annotations: { 'akv-injector.io/service-account': `app-${n}` } }),
      spec: classSpec([secretObject(`app-${n}`, { a: 'db-password' })]),
    })),
  }
}

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

/** Runs the controller until each account has its Secret, and asks for the metrics twice. */
async function syncOnce(objects: MemoryObjects): Promise<void> {
  const { accounts, classes } = objects
  const listed = new Map(
    [...Map.groupBy(accounts, ({ metadata }) => metadata.namespace ?? '')].map(
      ([namespace, ofNamespace]) => [
        namespace,
        new Set(ofNamespace.map(({ metadata }) => metadata.name ?? '')),
      ],
    ),
  )
  const { cluster, statuses } = memoryCluster(objects)
  const stop = new AbortController()
  const clock = clockBeforeRefresh()
  const metrics = createSyncMetrics(listed)
  const controller = startController({
    accounts: listed,
    kinds: classes.length > 0 ? ['SecretProviderClass'] : [],
    cluster,
    policy,
    metrics,
    events: createEventBudget(clock),
    clock,
    log: createLog({ level: 'error', write: () => undefined }),
    signal: stop.signal,
    openSession: () => ({
      signIn: { principal: 'test', token: async () => 'token', forget: () => undefined },
      reader: {
        read: async () => ({
          kind: 'secret',
          version: '0'.repeat(32),
          value: 'value',
          contentType: undefined,
          isCertificate: false,
        }),
        listVersions: async () => [],
      },
    }),
  })
  await metrics.text()
  while (statuses() < accounts.length) await new Promise(setImmediate)
  await metrics.text()
  stop.abort()
  await controller.ended()
}

const few = 200
const factor = 4
/** Heaps grow a little faster. Code that compares all accounts with each other grows by the square of the factor. */
const maxGrowth = 2.5 * factor
const slack = 500

for (const [what, objectsFor] of Object.entries({ annotatedAccounts, accountsWithClasses }))
  t.test(`${what}: no step is taken more often than the number of accounts grows`, async (t) => {
    // V8 counts the blocks only of functions that run for the first time after it has begun to count.
    await countBlocks(() => syncOnce(objectsFor(10)))
    const before = await countBlocks(() => syncOnce(objectsFor(few)))
    const after = await countBlocks(() => syncOnce(objectsFor(few * factor)))
    t.ok([...after.values()].some((count) => count >= few * factor))
    const grown = [...after]
      .filter(([block]) => !/\/(test|node_modules)\//.test(block))
      .filter(([block, count]) => count > (before.get(block) ?? 0) * maxGrowth + slack)
      .map(([block, count]) => `${block}: ${before.get(block) ?? 0} times, then ${count}`)
    t.strictSame(grown, [])
  })
