import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { Session } from '../../delivery/session/session.ts'
import { type Controller, startController } from '../../sync/controller.ts'
import { annotations, type Simulation, startSimulation } from './harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password" }]'

async function start(
  t: Test,
  {
    names = ['web'],
    sessionOf = (_, session) => session,
  }: { names?: string[]; sessionOf?: (name: string, session: Session) => Session } = {},
) {
  const simulation = await startSimulation(t)
  simulation.apiServer.rights.enable('team-a', names)
  const { openSession } = simulation.options
  const controller = startController({
    ...simulation.options,
    openSession: (account, ...others) => sessionOf(account.name, openSession(account, ...others)),
    kinds: [],
    watch: 'cluster',
  })
  t.teardown(async () => {
    simulation.stop.abort()
    await controller.ended()
  })
  return { simulation, controller }
}

/** Waits for something that happens by itself. If it doesn't, the file runs into its timeout. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Longer than the file's timeout: whoever waits for the answer fails the test. */
const delayMs = 600_000

const watches = ({ apiServer }: Simulation) => until(() => apiServer.watches() === 2)
const stopped = async (simulation: Simulation, controller: Controller) => {
  simulation.stop.abort()
  await controller.ended()
}

/** Begins a round of the account `web`, whose vault hangs: for the first requests, or for all. */
async function beginHangingRound(
  { azure, apiServer, vaultPaths }: Simulation,
  hanging: { readonly count?: number } = {},
): Promise<void> {
  azure.addFault({ match: { service: 'vault' }, ...hanging, action: { kind: 'delay', delayMs } })
  apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => vaultPaths().length === 1)
}

t.test('the controller finds accounts and follows their changes', async (t) => {
  const { simulation, controller } = await start(t)
  t.equal(controller.problem(), 'the namespaces have not been listed yet')
  await watches(simulation)
  t.equal(controller.problem(), undefined)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => simulation.values('db') !== undefined)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db.replace('password', 'pw')))
  await until(() => simulation.values('db')?.['pw'] !== undefined)
  t.strictSame(simulation.values('db'), { pw: 'correct horse' })
  simulation.apiServer.accounts.put('team-a', 'web', {})
  await until(() => simulation.values('db') === undefined)
})

t.test('irrelevant changes send no request to the vault', async (t) => {
  const { simulation } = await start(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => simulation.events().length > 0)
  await watches(simulation)
  simulation.vaultPaths()
  const before = simulation.apiServer.requests.length
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  simulation.apiServer.accounts.put('team-a', 'other', {})
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(db, { 'akv-injector.io/refresh': '10m' }),
  )
  await until(() => simulation.apiServer.requests.length > before)
  await until(() => simulation.vaultPaths().length === 1)
  t.pass('once, for the change that counts')
})

t.test('an account that is recreated during a round is a new account', async (t) => {
  const { simulation } = await start(t)
  await watches(simulation)
  await beginHangingRound(simulation, { count: 1 })
  simulation.apiServer.accounts.delete('team-a', 'web')
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => simulation.values('db') !== undefined)
  const owners = simulation.apiServer.secrets.get('team-a/db')?.metadata.ownerReferences
  const { objects: accounts } = await simulation.options.cluster.accounts.list('team-a')
  t.match(owners, [{ uid: accounts[0]?.uid }])
  const creations = simulation.writes().filter((write) => write.startsWith('POST'))
  t.equal(creations.length, 2, 'a record and a Secret: the old one has written neither')
})

t.test('an account that is deleted during a round gets no Secret', async (t) => {
  const { simulation, controller } = await start(t, { names: ['web', 'next'] })
  const { tokenOf } = simulation.apiServer
  simulation.apiServer.tokenOf = (namespace) => tokenOf(namespace, 'web')
  await watches(simulation)
  await beginHangingRound(simulation, { count: 1 })
  simulation.apiServer.accounts.delete('team-a', 'web')
  // What is watched comes in order, so this one is served only after the deletion has been seen.
  simulation.apiServer.accounts.put('team-a', 'next', annotations(db.replace('db,', 'other,')))
  await until(() => simulation.values('other') !== undefined)
  await stopped(simulation, controller)
  t.equal(simulation.values('db'), undefined)
})

t.test('an account that is turned off during a round gets no further Secret', async (t) => {
  const { simulation, controller } = await start(t)
  await watches(simulation)
  await beginHangingRound(simulation)
  const off = { 'akv-injector.io/inject': 'false' }
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db, off))
  // The next round begins when the one before has ended, a while after that.
  simulation.azure.clearFaults()
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db.replace('db,', 'other,')))
  await until(() => simulation.values('other') !== undefined)
  await stopped(simulation, controller)
  t.equal(simulation.values('db'), undefined)
})

t.test('the controller recovers from broken watches and expired versions', async (t) => {
  const { simulation } = await start(t)
  await watches(simulation)
  simulation.apiServer.endWatches({ type: 'ERROR', object: { code: 410 } })
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => simulation.values('db') !== undefined)
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
})

t.test('a stop during a round ends the round without a write', async (t) => {
  const { simulation, controller } = await start(t)
  await watches(simulation)
  await beginHangingRound(simulation)
  await stopped(simulation, controller)
  t.strictSame(simulation.writes(), [])
  t.strictSame(simulation.apiServer.events, [])
})

t.test('a stop lets a write in flight finish', async (t) => {
  const { simulation, controller } = await start(t)
  await watches(simulation)
  let isWriting = false
  simulation.apiServer.before = async ({ method, path }) => {
    if (method !== 'POST' || !path.endsWith('/secrets')) return undefined
    isWriting = true
    await once(simulation.stop.signal, 'abort')
    return undefined
  }
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => isWriting)
  await stopped(simulation, controller)
  t.strictSame(simulation.apiServer.secrets.names(), ['team-a/akv-injector-sync-web'])
})

t.test('many new accounts of a vault that hangs don’t delay an account that works', async (t) => {
  const broken = Array.from({ length: 60 }, (_, i) => `broken-${i}`)
  let hanging = 0
  const hang = async (_: unknown, signal?: AbortSignal) => {
    hanging += 1
    await once(signal ?? new AbortController().signal, 'abort')
    throw new Error('stopped')
  }
  const { simulation } = await start(t, {
    names: ['web', ...broken],
    sessionOf: (name, session) =>
      name === 'web'
        ? session
        : { ...session, reader: { ...session.reader, read: hang, listVersions: hang } },
  })
  const { tokenOf } = simulation.apiServer
  simulation.apiServer.tokenOf = (namespace) => tokenOf(namespace, 'web')
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await until(() => simulation.values('db') !== undefined)
  for (const name of broken)
    simulation.apiServer.accounts.put(
      'team-a',
      name,
      annotations(`[{ secret: ${name}, data: extra }]`),
    )
  await until(() => hanging >= 15)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db.replace('password', 'pw')))
  await until(() => simulation.values('db')?.['pw'] !== undefined)
  t.pass('the account of the working vault is served while the others hang')
})

t.test('an account that changes constantly gets at most one round in two seconds', async (t) => {
  const { simulation } = await start(t)
  await watches(simulation)
  const mistaken = (i: number) => annotations(`[{ secret: db, wrong${i}: x }]`)
  const { events } = simulation.apiServer
  const startMs = simulation.clock.now()
  for (let i = 0; events.length < 2; i++) {
    simulation.apiServer.accounts.put('team-a', 'web', mistaken(i))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.ok(simulation.clock.now() - startMs >= 2_000, 'it rests between two looks')
})

t.test('only the existence of a request is kept of an account that isn’t enabled', async (t) => {
  const simulation = await startSimulation(t)
  const { cluster } = simulation.options
  simulation.apiServer.rights.enable('team-a', ['web'])
  const kept: unknown[] = []
  const list: typeof cluster.accounts.list = async (...args) => {
    const listed = await cluster.accounts.list(...args)
    kept.push(...listed.objects.map(({ annotations }) => annotations))
    return listed
  }
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  simulation.apiServer.accounts.put('team-a', 'unlisted', annotations(db))
  const controller = startController({
    ...simulation.options,
    cluster: { ...cluster, accounts: { ...cluster.accounts, list } },
    kinds: [],
    watch: 'cluster',
  })
  await until(() => simulation.apiServer.events.length === 2)
  await stopped(simulation, controller)
  t.strictSame(kept, [annotations(db), { 'akv-injector.io/sync': '' }])
  t.match([...simulation.events()].sort(), [
    /^team-a\/unlisted .*AKV_SYNC_NOT_ENABLED/,
    /^team-a\/web .*created/,
  ])
})

t.test('the metrics show the state of each account', async (t) => {
  const { simulation } = await start(t)
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(`[{ secret: db, data: extra }, { secret: no, data: absent }]`),
  )
  const expected = [
    'akv_injector_sync_secrets{namespace="team-a",account="web",state="synced"} 1',
    'akv_injector_sync_secrets{namespace="team-a",account="web",state="failing"} 1',
    'akv_injector_sync_failures_total{namespace="team-a",account="web",code="AKV_OBJECT_NOT_FOUND"}',
    'akv_injector_sync_vault_requests_total{vault="team-a",result="ok"} 1',
    'akv_injector_sync_vault_request_duration_seconds_count{vault="team-a",outcome="ok"} 1',
    'akv_injector_sync_vault_requests_total{vault="team-a",result="AKV_OBJECT_NOT_FOUND"}',
    'akv_injector_sync_writes_total{operation="create"} 2',
    'akv_injector_sync_writes_total{operation="claim"} 2',
    'akv_injector_sync_queue_depth 0',
    'akv_injector_sync_staleness_seconds{namespace="team-a",account="web"} ',
  ]
  // The account's state is stored only after its Events are written.
  await until(async () => {
    const text = await simulation.options.metrics.text()
    return expected.every((line) => text.includes(line))
  })
  simulation.pass(600_000)
  t.ok((await staleSeconds(simulation)) >= 600)
})

async function staleSeconds({ options }: Simulation): Promise<number> {
  const text = await options.metrics.text()
  return Number(/staleness_seconds\{namespace="team-a",account="web"\} (\d+)/.exec(text)?.[1])
}

t.test(
  'an account is stale if it fails or is overdue, and mistakes count as failures',
  async (t) => {
    const { simulation } = await start(t)
    const refresh = { 'akv-injector.io/refresh': '1h' }
    simulation.apiServer.accounts.put('team-a', 'web', annotations(db, refresh))
    await until(() => simulation.events().length > 0)
    await watches(simulation)
    simulation.pass(3_500_000)
    t.equal(await staleSeconds(simulation), 0)
    simulation.apiServer.accounts.put(
      'team-a',
      'web',
      annotations('[{ secret: db, dta: x }]', refresh),
    )
    await until(() => simulation.events().length > 0)
    t.match(
      await simulation.options.metrics.text(),
      /secrets\{namespace="team-a",account="web",state="failing"\} 1/,
    )
    simulation.pass(200_000)
    t.ok(
      (await staleSeconds(simulation)) >= 200,
      'since it fails, though the refresh was due later',
    )
    simulation.apiServer.accounts.put('team-a', 'web', {})
    await until(() => simulation.values('db') === undefined)
    t.equal(await staleSeconds(simulation), 0)
  },
)

t.test('a mistake that exists at the start counts as a failure', async (t) => {
  const { simulation } = await start(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations('[{ secret: db, dta: x }]'))
  simulation.apiServer.accounts.put('team-a', 'unlisted', annotations(db))
  await until(() => simulation.apiServer.events.length === 2)
  t.match(
    await simulation.options.metrics.text(),
    /secrets\{namespace="team-a",account="web",state="failing"\} 1/,
  )
  simulation.pass(100_000)
  t.ok((await staleSeconds(simulation)) >= 100)
})

t.test('accounts that aren’t listed share the Events of their namespace', async (t) => {
  const { simulation, controller } = await start(t)
  await watches(simulation)
  for (let i = 0; i < 40; i++)
    simulation.apiServer.accounts.put('team-a', `other-${i}`, annotations(db))
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  const told = () => simulation.log.lines.filter(({ code }) => code === 'AKV_SYNC_NOT_ENABLED')
  await until(() => told().length === 40)
  await until(() => simulation.values('db') !== undefined)
  await stopped(simulation, controller)
  const events = simulation.events().filter((event) => event.includes('AKV_SYNC_NOT_ENABLED'))
  t.equal(events.length, 25)
})
