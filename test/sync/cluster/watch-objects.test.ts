import t from 'tap'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import type { ApiServerOutage } from '../../../sync/cluster/api-server-outage.ts'
import type { SeenAccount, WatchOptions } from '../../../sync/cluster/cluster-port.ts'
import { watchObjects } from '../../../sync/cluster/watch-objects.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { noOutage } from '../harness/no-outage.ts'

const seen = (name: string, resourceVersion: string): SeenAccount => ({
  namespace: 'team-a',
  name,
  uid: `uid-${name}`,
  resourceVersion,
  annotations: {},
})

type Watch = (options: WatchOptions<SeenAccount>) => Promise<string>

/** Runs through these lists and watches, then stops. */
async function runThrough(
  steps: readonly (readonly SeenAccount[] | Error | Watch)[],
  {
    watchMs = 60_000,
    onAccount = () => undefined,
    outage = noOutage,
  }: {
    readonly watchMs?: number
    readonly onAccount?: () => void
    readonly outage?: ApiServerOutage
  } = {},
) {
  const stop = new AbortController()
  const clock = fakeClock({ random: 1 })
  const { log, lines } = memoryLog()
  const told: string[] = []
  const left = [...steps]
  const take = () => {
    const step = left.shift()
    if (left.length === 0) stop.abort()
    if (step instanceof Error) throw step
    return step
  }
  await watchObjects<SeenAccount>({
    kind: 'ServiceAccount',
    namespace: 'team-a',
    outage,
    clock,
    log,
    signal: stop.signal,
    onObject({ name, resourceVersion }) {
      told.push(`${name} ${resourceVersion}`)
      onAccount()
      return true
    },
    onGone: (name) => told.push(`gone ${name}`),
    onListed: () => told.push('listed'),
    async list() {
      const accounts = take()
      if (!Array.isArray(accounts)) throw new Error('a watch was expected, and it lists')
      return { objects: accounts, resourceVersion: '10' }
    },
    async watch(options) {
      const watch = take()
      if (typeof watch !== 'function') throw new Error('a list was expected, and it watches')
      options.onOpen?.()
      await clock.sleep(watchMs)
      return await watch(options)
    },
  })
  return { told, lines, waits: clock.waits }
}

t.test(
  'an object with another uid is a new one, although no watch saw the old one go',
  async (t) => {
    const recreated = { ...seen('web', '7'), uid: 'another-uid' }
    const ends: Watch = async () => {
      throw new Error('the version is too old')
    }
    const { told } = await runThrough([
      [seen('web', '1'), seen('db', '2')],
      ends,
      [recreated, seen('db', '2')],
      async () => '9',
    ])
    t.strictSame(told, ['web 1', 'db 2', 'listed', 'gone web', 'web 7', 'listed'])
  },
)

t.test('a watch lists once, and each watch starts where the previous one ended', async (t) => {
  const versions: string[] = []
  const watch =
    (next: string, ...accounts: readonly SeenAccount[]): Watch =>
    async ({ resourceVersion, onObject }) => {
      versions.push(resourceVersion)
      for (const account of accounts) onObject(account)
      return next
    }
  const { told, lines, waits } = await runThrough([
    [seen('web', '1'), seen('api', '2')],
    watch('11', seen('web', '11')),
    watch('12', seen('web', '11')),
    watch('13'),
  ])
  t.strictSame(told, ['web 1', 'api 2', 'listed', 'web 11'])
  t.strictSame(versions, ['10', '11', '12'])
  t.strictSame(lines, [])
  t.notOk(
    waits.some((ms) => ms < 0),
    'no wait is one that Node would warn of',
  )
})

t.test('a list after a failure reports only new, changed and deleted accounts', async (t) => {
  const { told, lines } = await runThrough([
    [seen('web', '1'), seen('api', '2'), seen('old', '3')],
    new Error('410: too old'),
    [seen('web', '1'), seen('api', '5'), seen('new', '6')],
    async ({ onGone }) => {
      onGone('web', seen('web', '18'))
      onGone('web', seen('web', '18'))
      onGone('never-there', seen('never-there', '19'))
      return '20'
    },
  ])
  t.strictSame(told.slice(3), ['listed', 'gone old', 'api 5', 'new 6', 'listed', 'gone web'])
  t.strictSame(lines, [], 'one failure is nothing to tell of')
})

t.test(
  'a watch backs off after failures, logs that once, and logs the recovery at once',
  async (t) => {
    const down = new AkvError('AKV_CLUSTER_UNAVAILABLE', 'it is down')
    const { told, lines, waits } = await runThrough(
      [
        ...Array.from({ length: 8 }, () => down),
        [seen('web', '1')],
        async () => {
          throw new Error('it broke off after minutes')
        },
      ],
      { watchMs: 240_000 },
    )
    t.strictSame(told, ['web 1', 'listed'])
    t.match(lines, [
      { level: 'warn', namespace: 'team-a', code: 'AKV_CLUSTER_UNAVAILABLE', reason: 'it is down' },
      { level: 'info', message: 'ServiceAccount watch restored' },
    ])
    t.equal(lines.length, 2)
    t.strictSame(waits.slice(0, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  },
)

t.test('an outage of the API server is waited out, and then it lists again at once', async (t) => {
  let waits = 0
  const outage: ApiServerOutage = {
    ...noOutage,
    explains: async (error) => error instanceof Error && error.message === 'an outage',
    over: async () => void waits++,
  }
  const failed = new Error('an outage')
  const watch = async () => {
    throw failed
  }
  const run = await runThrough([failed, failed, [seen('web', '1')], watch, [], async () => '11'], {
    outage,
  })
  t.strictSame(run.told, ['web 1', 'listed', 'gone web', 'listed'])
  t.equal(waits, 3)
  t.strictSame(run.lines, [])
  t.strictSame(run.waits, [60_000, 60_000], 'only the watches take time')
})

t.test('a watch that breaks after a while doesn’t add to earlier failures', async (t) => {
  const { waits } = await runThrough([
    new Error('down'),
    new Error('down'),
    [],
    async () => {
      throw new Error('restarted')
    },
    [],
    async () => '12',
  ])
  t.strictSame(waits, [1_000, 2_000, 60_000, 1_000, 60_000])
})

t.test('watches that end at once don’t cause a storm of requests', async (t) => {
  const { waits } = await runThrough([[], ...Array.from({ length: 5 }, () => async () => '11')], {
    watchMs: 0,
  })
  t.strictSame(
    waits.filter((ms) => ms > 0),
    [1_000, 1_000, 1_000, 1_000],
  )
})

t.test('a long list is reported in slices, and the event loop turns between them', async (t) => {
  const accounts = Array.from({ length: 2_000 }, (_, n) => seen(`app-${n}`, '1'))
  const counts = new Map<number, number>()
  let turn = 0
  const count = () => {
    if (!counts.has(turn)) setImmediate(() => turn++)
    counts.set(turn, (counts.get(turn) ?? 0) + 1)
  }
  await runThrough([accounts, async () => '11'], { onAccount: count })
  t.strictSame([...counts.values()], Array(8).fill(250))
})
