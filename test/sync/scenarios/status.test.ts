import t from 'tap'
import { annotations, type Simulation, startSimulation } from '../harness/simulation.ts'

const key = 'akv-injector.io/sync-status'
const annotationsOf = ({ apiServer }: Simulation) =>
  apiServer.accounts.annotationsOf('team-a', 'web')
const wholeStatusOf = (simulation: Simulation) => annotationsOf(simulation)?.[key]
/** Without the versions. */
const statusOf = (simulation: Simulation) =>
  wholeStatusOf(simulation)?.replaceAll(/\n {2}\[.*\]/g, '')
/** The versions that a Secret says it holds. */
const syncedBy = ({ apiServer }: Simulation, name: string) =>
  apiServer.secrets.get(`team-a/${name}`)?.metadata.annotations?.['akv-injector.io/synced'] ?? ''
const oneSecret = '[{ secret: db, data: "a=db-password" }]'
const two = '[{ secret: db, data: "a=db-password" }, { secret: other, data: "a=absent" }]'

t.test(
  'the status of an account says for each Secret whether it is ready, or why not and since when',
  async (t) => {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put('team-a', 'web', annotations(two))
    await simulation.round()
    const status = wholeStatusOf(simulation) ?? ''
    t.match(
      statusOf(simulation),
      /^db: ready\nother: AKV_OBJECT_NOT_FOUND since 20\d\d-[-0-9T:]+Z$/,
    )

    const patches = () =>
      simulation.apiServer.requests.filter(
        ({ method, path }) => method === 'PATCH' && path.endsWith('/serviceaccounts/web'),
      ).length
    t.equal(patches(), 1)
    simulation.pass(60_000)
    await simulation.round()
    t.equal(patches(), 1, 'nothing has changed, and nothing is written')
    simulation.restart()
    simulation.pass(3_600_000)
    await simulation.round()
    t.equal(wholeStatusOf(simulation), status, 'since when, a restart does not forget')
    t.equal(patches(), 1)

    simulation.apiServer.accounts.put('team-a', 'web', { ...annotations(oneSecret), [key]: status })
    await simulation.round()
    t.equal(statusOf(simulation), 'db: ready')
  },
)

t.test('the status says which versions each Secret holds, in one write each time', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, azure } = simulation
  const writes = () =>
    apiServer.requests.filter(
      ({ method, path }) => method === 'PATCH' && path.endsWith('/serviceaccounts/web'),
    ).length
  apiServer.accounts.put('team-a', 'web', annotations(two))
  await simulation.round()
  const first = syncedBy(simulation, 'db')
  t.match(first, /^team-a:db-password@[0-9a-f]{32}$/)
  t.match(wholeStatusOf(simulation), `db: ready\n  [${first}]\nother: `)
  t.match(wholeStatusOf(simulation), /\n {2}\[\]$/, 'a Secret that does not exist holds nothing')

  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  simulation.pass(400_000)
  await simulation.round()
  const second = syncedBy(simulation, 'db')
  t.not(second, first)
  t.match(wholeStatusOf(simulation), `db: ready\n  [${second}]\nother: `)
  t.equal(writes(), 2)

  azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  simulation.restart()
  simulation.pass(400_000)
  await simulation.round()
  t.match(statusOf(simulation), /^db: AKV_VAULT_UNAVAILABLE since/)
  t.match(wholeStatusOf(simulation), `\n  [${second}]\nother: `, 'it keeps its last version')
  t.equal(writes(), 3)
  for (let i = 0; i < 3; i++) {
    simulation.pass(400_000)
    await simulation.round()
  }
  t.equal(writes(), 3)
})

t.test('an account without a request has no status', async (t) => {
  const simulation = await startSimulation(t)
  for (const last of [{ 'akv-injector.io/vault': 'team-a' }, {}]) {
    simulation.apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
    await simulation.round()
    t.equal(statusOf(simulation), 'db: ready')
    simulation.apiServer.accounts.put('team-a', 'web', { ...last, [key]: 'db: ready' })
    await simulation.round()
    t.equal(statusOf(simulation), undefined)
  }
})

t.test('a Secret that is no longer requested is in the status as long as it exists', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer } = simulation
  apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
  await simulation.round()
  const versions = `  [${syncedBy(simulation, 'db')}]`
  const put = async (more: Readonly<Record<string, string>>) => {
    apiServer.accounts.put('team-a', 'web', { ...more, [key]: wholeStatusOf(simulation) ?? '' })
    await simulation.round()
  }
  const off = { 'akv-injector.io/inject': 'false' }
  for (const restart of [() => undefined, simulation.restart]) {
    restart()
    await put(annotations(oneSecret, off))
    t.equal(wholeStatusOf(simulation), `db: kept\n${versions}`, 'sync is off')
  }
  await put(annotations('[{ secret: renamed, data: "a=absent" }]'))
  t.match(
    wholeStatusOf(simulation)?.split('\n'),
    ['db: kept', versions, /^renamed: AKV_OBJECT_NOT_FOUND since/, '  []'],
    'its successor has no value',
  )
  await put(annotations('[{ secret: renamed, data: "a=db-password" }]'))
  t.equal(wholeStatusOf(simulation), `renamed: ready\n${versions}`)

  apiServer.before = ({ method }) =>
    method === 'DELETE' ? [403, { reason: 'Forbidden' }] : undefined
  await put({})
  t.equal(wholeStatusOf(simulation), `renamed: kept\n${versions}`, 'it could not be deleted')
  apiServer.before = () => undefined
  simulation.pass(400_000)
  await simulation.round()
  t.equal(wholeStatusOf(simulation), undefined)
})

t.test('versions that the controller could not read are unknown', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer } = simulation
  apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
  await simulation.round()
  const versions = `  [${syncedBy(simulation, 'db')}]`
  apiServer.before = ({ path }) =>
    /\/secrets\/db/.test(path) ? [403, { reason: 'Forbidden' }] : undefined
  simulation.pass(400_000)
  await simulation.round()
  t.match(wholeStatusOf(simulation), /^db: AKV_CLUSTER_\w+ since \S+$/)
  apiServer.before = () => undefined
  simulation.pass(400_000)
  await simulation.round()
  t.equal(wholeStatusOf(simulation), `db: ready\n${versions}`)

  apiServer.before = ({ path }) =>
    /\/secrets\//.test(path) ? [403, { reason: 'Forbidden' }] : undefined
  simulation.pass(400_000)
  await simulation.round()
  t.match(
    wholeStatusOf(simulation)?.split('\n'),
    [/^db: AKV_CLUSTER_/, versions],
    'what a round has not touched is as before',
  )
})

t.test('a value of unknown version is in the status without a version', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, azure } = simulation
  apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
  await simulation.round()
  const metadata: { annotations?: object } = apiServer.secrets.get('team-a/db')?.metadata ?? {}
  delete metadata.annotations
  azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  simulation.restart()
  simulation.pass(400_000)
  await simulation.round()
  t.match(
    wholeStatusOf(simulation),
    /^db: AKV_VAULT_UNAVAILABLE since \S+\n {2}\[team-a:db-password\]$/,
  )
})

t.test('a mistake in an annotation is in the status until it is corrected', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations('{'))
  const afterMs = await simulation.round()
  t.match(statusOf(simulation), /^\(account\): AKV_SYNC_ANNOTATION since /)
  t.ok(afterMs !== undefined && afterMs <= 3_600_000, 'it is told again')
  simulation.apiServer.accounts.put('team-a', 'web', {
    ...annotations(oneSecret),
    [key]: statusOf(simulation) ?? '',
  })
  await simulation.round()
  t.equal(statusOf(simulation), 'db: ready')
})

for (const name of ['refresh-now', 'sync-now'])
  t.test(`a new text in ${name} starts a round that fetches everything`, async (t) => {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
    await simulation.round()
    simulation.vaultPaths()
    await simulation.round()
    t.strictSame(simulation.vaultPaths(), [], 'nothing is due')
    simulation.apiServer.accounts.put(
      'team-a',
      'web',
      annotations(oneSecret, { [`akv-injector.io/${name}`]: 'now' }),
    )
    await simulation.round()
    t.match(simulation.vaultPaths(), [/secrets\/db-password/])
  })

t.test('the status is corrected if others change it, however long their text is', async (t) => {
  const simulation = await startSimulation(t)
  for (const text of ['db: ready\nlie: ready', 'x'.repeat(200_000)]) {
    simulation.apiServer.accounts.put('team-a', 'web', { ...annotations(oneSecret), [key]: text })
    await simulation.round()
    t.equal(statusOf(simulation), 'db: ready')
  }
})

t.test('a status that can’t be written is logged once and stops nothing', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.before = ({ method, path }) =>
    method === 'PATCH' && /serviceaccounts/.test(path) ? [403, { reason: 'Forbidden' }] : undefined
  simulation.apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
  for (let i = 0; i < 3; i++) {
    simulation.pass(400_000)
    await simulation.round()
  }
  t.strictSame(simulation.values('db'), { a: 'correct horse' })
  const warnings = simulation.log.lines.filter(({ level }) => level === 'warn')
  t.match(warnings, [
    { message: /^cannot write the status: the status of ServiceAccount team-a\/web/ },
  ])
  t.equal(warnings.length, 1)
})

t.test('a status that can’t be written is logged even if an outage came first', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, log, options } = simulation
  const isStatus = ({ method, path }: { method: string; path: string }) =>
    method === 'PATCH' && /serviceaccounts/.test(path)
  apiServer.before = (request) =>
    isStatus(request) || request.path === '/api/v1/namespaces' ? [503, {}] : undefined
  apiServer.accounts.put('team-a', 'web', annotations(oneSecret))
  await simulation.round()
  const warnings = () =>
    log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)
  t.match(warnings(), [/^the API server is unavailable/])
  apiServer.before = (request) => (isStatus(request) ? [403, { reason: 'Forbidden' }] : undefined)
  await options.outage.over()
  simulation.pass(400_000)
  await simulation.round()
  t.match(warnings(), [/^the API server is unavailable/, /^cannot write the status/])
})

t.test('staleness is never 0 while something fails', async (t) => {
  const simulation = await startSimulation(t)
  const { metrics } = simulation.options
  t.teardown(() => simulation.stop.abort())
  const { startController } = await import('../../../sync/controller.ts')
  simulation.apiServer.rights.enable('team-a', ['web', 'api'])
  simulation.apiServer.accounts.put('team-a', 'api', {})
  simulation.apiServer.accounts.put('team-a', 'web', annotations(two))
  startController({
    ...simulation.options,
    kinds: [],
    watch: 'cluster',
  })
  let text = ''
  do {
    await simulation.clock.sleep(50)
    text = await metrics.text()
  } while (!/secrets\{namespace="team-a",account="web",state="failing"\} 1/.test(text))
  t.ok(stalenessIn(text) >= 1)
  t.match(text, /staleness_seconds\{namespace="team-a",account="api"\} 0/)
  t.match(text, /failures_total\{namespace="team-a",account="web",code="AKV_OBJECT_NOT_FOUND"\}/)
  simulation.pass(100_000)
  const later = stalenessIn(await metrics.text())
  t.ok(later >= 100, `${later} s`)
})

const stalenessIn = (text: string): number =>
  Number(/staleness_seconds\{namespace="team-a",account="web"\} ([\d.]+)/.exec(text)?.[1])
