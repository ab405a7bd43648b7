import t from 'tap'
import { annotations, startWorld, type World } from './world.ts'

const key = 'akv-injector.io/sync-status'
const statusOf = ({ apiServer }: World) => apiServer.accounts.annotationsOf('team-a', 'web')?.[key]
const one = '[{ secret: db, data: "a=db-password" }]'
const two = '[{ secret: db, data: "a=db-password" }, { secret: other, data: "a=absent" }]'

t.test(
  'the account says of each Secret whether it is ready, or why not and since when',
  async (t) => {
    const world = await startWorld(t)
    world.apiServer.accounts.put('team-a', 'web', annotations(two))
    await world.round()
    const status = statusOf(world) ?? ''
    t.match(status, /^db: ready\nother: AKV_OBJECT_NOT_FOUND since 20\d\d-[-0-9T:]+Z$/)

    const patches = () =>
      world.apiServer.requests.filter(
        ({ method, path }) => method === 'PATCH' && path.endsWith('/serviceaccounts/web'),
      ).length
    t.equal(patches(), 1)
    world.pass(60_000)
    await world.round()
    t.equal(patches(), 1, 'nothing has changed, and nothing is written')
    world.restart()
    world.pass(3_600_000)
    await world.round()
    t.equal(statusOf(world), status, 'since when, a restart does not forget')
    t.equal(patches(), 1)

    world.apiServer.accounts.put('team-a', 'web', { ...annotations(one), [key]: status })
    await world.round()
    t.equal(statusOf(world), 'db: ready')
  },
)

t.test('who asks for no Secrets has no status', async (t) => {
  const world = await startWorld(t)
  const off = { 'akv-injector.io/inject': 'false' }
  for (const last of [{ 'akv-injector.io/vault': 'team-a' }, {}, annotations(one, off)]) {
    world.apiServer.accounts.put('team-a', 'web', annotations(one))
    await world.round()
    t.equal(statusOf(world), 'db: ready')
    world.apiServer.accounts.put('team-a', 'web', { ...last, [key]: 'db: ready' })
    await world.round()
    t.equal(statusOf(world), undefined)
  }
})

t.test('an annotation with a mistake is in the status, and ends there', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations('{'))
  const afterMs = await world.round()
  t.match(statusOf(world), /^\(account\): AKV_SYNC_ANNOTATION since /)
  t.ok(afterMs !== undefined && afterMs <= 3_600_000, 'it is told again')
  world.apiServer.accounts.put('team-a', 'web', {
    ...annotations(one),
    [key]: statusOf(world) ?? '',
  })
  await world.round()
  t.equal(statusOf(world), 'db: ready')
})

t.test('a new text in sync-now starts a round that asks for everything', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(one))
  await world.round()
  world.vaultPaths()
  await world.round()
  t.strictSame(world.vaultPaths(), [], 'nothing is due')
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(one, { 'akv-injector.io/sync-now': 'now' }),
  )
  await world.round()
  t.match(world.vaultPaths(), [/secrets\/db-password/])
})

t.test('what others write into the status is put right, however long', async (t) => {
  const world = await startWorld(t)
  for (const text of ['db: ready\nlie: ready', 'x'.repeat(200_000)]) {
    world.apiServer.accounts.put('team-a', 'web', { ...annotations(one), [key]: text })
    await world.round()
    t.equal(statusOf(world), 'db: ready')
  }
})

t.test('a status that can not be written is logged once and stops nothing', async (t) => {
  const world = await startWorld(t)
  world.apiServer.before = ({ method, path }) =>
    method === 'PATCH' && /serviceaccounts/.test(path) ? [403, { reason: 'Forbidden' }] : undefined
  world.apiServer.accounts.put('team-a', 'web', annotations(one))
  for (let i = 0; i < 3; i++) {
    world.pass(400_000)
    await world.round()
  }
  t.strictSame(world.values('db'), { a: 'correct horse' })
  const warnings = world.log.lines.filter(({ level }) => level === 'warn')
  t.match(warnings, [
    { message: /^cannot write the status: the status of ServiceAccount team-a\/web/ },
  ])
  t.equal(warnings.length, 1)
})

t.test('staleness is never 0 while something fails', async (t) => {
  const world = await startWorld(t)
  const { metrics } = world.options
  t.teardown(() => world.stop.abort())
  const { startController } = await import('../../sync/controller.ts')
  world.apiServer.accounts.put('team-a', 'web', annotations(two))
  startController({ ...world.options, accounts: new Map([['team-a', new Set(['web', 'api'])]]) })
  let text = ''
  do {
    await world.clock.sleep(50)
    text = await metrics.text()
  } while (!/secrets\{namespace="team-a",account="web",state="failing"\} 1/.test(text))
  t.ok(stalenessIn(text) >= 1)
  t.match(text, /staleness_seconds\{namespace="team-a",account="api"\} 0/)
  t.match(text, /failures_total\{namespace="team-a",account="web",code="AKV_OBJECT_NOT_FOUND"\}/)
  world.pass(100_000)
  const later = stalenessIn(await metrics.text())
  t.ok(later >= 100, `${later} s`)
})

const stalenessIn = (text: string): number =>
  Number(/staleness_seconds\{namespace="team-a",account="web"\} ([\d.]+)/.exec(text)?.[1])
