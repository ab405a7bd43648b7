import t, { type Test } from 'tap'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { ApiServerPinger } from '../../sync/cluster/api-server-outage.ts'
import { createEventBudget } from '../../sync/cluster/event-budget.ts'
import { startController } from '../../sync/controller.ts'
import { createTryLimit } from '../../sync/round/settle/try-limit.ts'
import { manualClock } from '../support/manual-clock.ts'
import { memoryCluster } from './harness/memory-cluster.ts'
import { memoryServices } from './harness/memory-services.ts'
import { refusingCluster } from './harness/refusing-cluster.ts'
import { annotations } from './harness/simulation.ts'

const unavailable = new AkvError('AKV_CLUSTER_UNAVAILABLE', 'the API server answered 500')

const pausing = 'the API server is unavailable; pausing until it is back'
const resuming = 'the API server is back; resuming'

const accountsOf = (namespaces: number, each: number) =>
  Array.from({ length: namespaces * each }, (_, n) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      namespace: `team-${n % namespaces}`,
      name: `app-${n}`,
      uid: `uid-${n}`,
      resourceVersion: '1',
      annotations: annotations(`[{ secret: app-${n}, data: a }]`),
    },
  }))

/** The controller beside so many accounts with one Secret each. */
function start(
  t: Test,
  options: {
    readonly namespaces: number
    readonly each: number
    readonly refusal: (name: string, about: unknown) => AkvError | undefined
    readonly watch?: 'cluster' | 'namespaces'
  },
) {
  const { namespaces, each, watch = 'cluster' } = options
  const memory = memoryCluster({ accounts: accountsOf(namespaces, each) })
  const refusing = refusingCluster(memory.cluster, options.refusal)
  const { cluster, requests } = refusing
  const stop = new AbortController()
  const { services, lines } = memoryServices({ cluster, values: { a: '1' }, signal: stop.signal })
  const clock = manualClock()
  const { log, signal } = services
  let rounds = 0
  const controller = startController({
    ...services,
    outage: new ApiServerPinger({ cluster, clock, log, signal }),
    openSession: (...args) => {
      rounds += 1
      return services.openSession(...args)
    },
    events: createEventBudget(clock),
    tries: createTryLimit(clock),
    clock,
    kinds: [],
    watch,
  })
  t.teardown(async () => {
    stop.abort()
    await controller.ended()
  })
  const secrets = () => memory.secrets.names().filter((name) => !name.includes('akv-injector-sync'))
  return {
    ...refusing,
    clock,
    /** Second by second, so that the rounds that begin in each can end. */
    async pass(seconds: number) {
      for (let second = 0; second < seconds; second++) await clock.pass(1_000)
    },
    controller,
    rounds: () => rounds,
    syncedIn: (namespace: string) =>
      secrets().filter((name) => name.startsWith(`${namespace}/`)).length,
    synced: () => secrets().length,
    /** How many requests there were by these names since the last call, and how many of them were refused. */
    take() {
      const counts = { requests: requests.length, refused: 0, pings: 0, lists: 0 }
      for (const { name, isRefused } of requests.splice(0)) {
        counts.refused += isRefused ? 1 : 0
        counts.pings += name === 'ping' ? 1 : 0
        counts.lists += name === 'list' ? 1 : 0
      }
      return counts
    },
    /** The messages that were logged since the last call, except that Secrets were created. */
    news: () =>
      (lines as { level: string; message: string }[])
        .splice(0)
        .filter(({ level, message }) => level !== 'debug' && !message.startsWith('created Secret'))
        .map(({ message }) => message),
  }
}

for (const watch of ['cluster', 'namespaces'] as const)
  t.test(
    `in an outage of the API server, only one request at a time looks for its end (${watch})`,
    async (t) => {
      let writes = 0
      let isDown = false
      const started = start(t, {
        namespaces: 30,
        each: 10,
        watch,
        refusal(name) {
          // It goes away in the middle of the first sync.
          if (name === 'createSecret' && ++writes === 250) isDown = true
          return isDown ? unavailable : undefined
        },
      })
      const { clock, pass, controller, rounds, synced, take, news, breakWatches } = started
      while (!isDown) await clock.pass(0)
      breakWatches(unavailable)
      await clock.pass(1)
      const before = { rounds: rounds(), synced: synced(), ...take() }
      t.ok(before.synced > 50 && before.synced < 200, `${before.synced} are in sync`)
      t.ok(before.refused > 10, `${before.refused} requests were refused at first`)
      t.strictSame(news(), [pausing])

      await pass(600)
      t.equal(rounds(), before.rounds, 'no round begins')
      const { requests, refused, pings, lists } = take()
      t.ok(pings > 120 && pings < 240, `${pings} pings in ten minutes`)
      t.equal(refused, requests)
      t.ok(requests <= pings + lists)
      t.ok(lists <= 10, `${lists} lists`)
      t.strictSame(news(), [])
      t.equal(controller.problem(), undefined)

      isDown = false
      await pass(10)
      t.equal(synced(), 300, 'nobody is forgotten')
      t.strictSame(news(), [resuming])
      t.equal(take().refused, 0)
    },
  )

t.test('a controller that starts in an outage begins when it is over', async (t) => {
  let isDown = true
  const { pass, controller, synced, take, news } = start(t, {
    namespaces: 30,
    each: 1,
    refusal: () => (isDown ? unavailable : undefined),
  })
  await pass(600)
  t.equal(controller.problem(), 'the namespaces have not been listed yet')
  t.strictSame(news(), [pausing])
  const { requests, refused } = take()
  t.ok(refused > 120 && refused === requests)
  isDown = false
  await pass(10)
  t.equal(controller.problem(), undefined)
  t.equal(synced(), 30)
})

t.test('a namespace whose requests always fail pauses no other', async (t) => {
  const isHostile = (about: unknown): boolean =>
    JSON.stringify(about)?.includes('"namespace":"team-0"') === true
  const timeOf = async (refusal: Parameters<typeof start>[1]['refusal']) => {
    const started = start(t, { namespaces: 10, each: 20, refusal })
    const fromMs = started.clock.now()
    while (started.synced() - started.syncedIn('team-0') < 180) await started.clock.pass(100)
    return { ...started, ms: started.clock.now() - fromMs }
  }
  const alone = await timeOf(() => undefined)
  const beside = await timeOf((name, about) =>
    name !== 'list' && name !== 'watch' && isHostile(about) ? unavailable : undefined,
  )
  t.equal(beside.ms, alone.ms)
  await beside.pass(600)
  const { refused, pings } = beside.take()
  t.ok(refused > 100, `${refused} requests were refused`)
  t.ok(pings > 0 && pings <= refused, `${pings} pings`)
  t.equal(beside.syncedIn('team-0'), 0)
  t.notOk(beside.news().includes(pausing))
})
