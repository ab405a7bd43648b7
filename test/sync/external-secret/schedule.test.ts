import t from 'tap'
import { identity, ready, secret, start } from '../harness/external-secret-simulation.ts'

const hourMs = 3_600_000

/** The names of the objects that were asked for since the last call. */
const askedFor = ({ vaultPaths }: Awaited<ReturnType<typeof start>>) =>
  vaultPaths().map((path) => path.split('/')[3])

t.test('a short interval costs no other ExternalSecret of the account anything', async (t) => {
  const simulation = await start(t)
  const { externalSecrets, apiServer } = simulation
  externalSecrets.put('ExternalSecret', { name: 'often' }, secret({ refreshInterval: '10s' }))
  for (const name of ['a', 'b', 'c'])
    externalSecrets.put('ExternalSecret', { name }, secret({}, 'extra'))
  await simulation.round()
  t.match(ready(simulation, 'often'), { status: 'True', message: /10s is below the minimum/ })
  askedFor(simulation)
  for (let i = 0; i < 5; i++) {
    const before = apiServer.requests.length
    simulation.pass(31_000)
    const nextMs = await simulation.round()
    t.ok(nextMs !== undefined && nextMs >= 30_000 && nextMs <= 33_000, `in ${nextMs} ms`)
    t.strictSame(askedFor(simulation), ['db-password'])
    const read = apiServer.requests.slice(before).map(({ path }) => path)
    t.notOk(read.some((path) => /\/(?:secrets|externalsecrets)\/[abc]\b/.test(path)))
  }
  simulation.pass(hourMs)
  await simulation.round()
  t.strictSame(askedFor(simulation).toSorted(), ['db-password', 'extra'])
})

t.test('a failure is retried, and the others wait for their time', async (t) => {
  const simulation = await start(t)
  const { externalSecrets, azure } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  externalSecrets.put('ExternalSecret', { name: 'new' }, secret({}, 'not-yet'))
  await simulation.round()
  t.match(ready(simulation, 'new'), { status: 'False' })
  askedFor(simulation)
  azure.create({ vault: 'team-a', name: 'not-yet', value: 'here' })
  simulation.pass(60_000)
  await simulation.round()
  t.strictSame(askedFor(simulation), ['not-yet'])
  t.strictSame(simulation.values('new'), { password: 'here' })
  t.match(ready(simulation, 'new'), { status: 'True' })
})

t.test('what is made once stays as it is, whatever happens', async (t) => {
  for (const once of [{ refreshPolicy: 'CreatedOnce' }, { refreshInterval: '0' }]) {
    const simulation = await start(t)
    const { externalSecrets, apiServer, azure } = simulation
    const put = (more = {}) =>
      externalSecrets.put('ExternalSecret', { name: 'db' }, secret({ ...once, ...more }))
    put()
    await simulation.round()
    azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
    askedFor(simulation)
    const stays = async (when: string) => {
      simulation.pass(2 * hourMs)
      await simulation.round()
      t.strictSame(askedFor(simulation), [], when)
      t.strictSame(simulation.values('db'), { password: 'correct horse' }, when)
      t.match(ready(simulation), { status: 'True' }, when)
    }
    await stays('two hours later')
    simulation.restart()
    await stays('after a restart')
    apiServer.accounts.put('team-a', 'web', { ...identity, 'akv-injector.io/sync-now': '1' })
    await stays('after sync-now')
    put({ target: { template: { data: { password: 'other' } } } })
    await stays('after a change')
    put()
    externalSecrets.put('ExternalSecret', { name: 'db' }, secret(once), { status: {} })
    simulation.restart()
    await stays('restored without its status')
    put({ target: { creationPolicy: 'Orphan' } })
    await simulation.round()
    t.match(ready(simulation), { status: 'False' })
    put()
    await stays('after a mistake')
    apiServer.secrets.delete('team-a/db')
    simulation.pass(2 * hourMs)
    await simulation.round()
    t.strictSame(simulation.values('db'), { password: 'new' }, 'a deleted Secret is made again')
  }
})

t.test('a restored backup keeps what is made once, and fetches the rest', async (t) => {
  const simulation = await start(t)
  const { externalSecrets, apiServer, azure } = simulation
  const specs = {
    once: { refreshPolicy: 'CreatedOnce' },
    zero: { refreshInterval: '0' },
    hourly: { refreshInterval: '1h' },
  }
  const putAll = () => {
    for (const [name, more] of Object.entries(specs))
      externalSecrets.put('ExternalSecret', { name }, secret(more), { status: {} })
  }
  putAll()
  await simulation.round()
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
  askedFor(simulation)
  // The objects come back with other uids and without statuses, and the Secrets still name the uids of the old ones.
  apiServer.accounts.delete('team-a', 'web')
  for (const name of Object.keys(specs)) externalSecrets.delete('ExternalSecret', name)
  simulation.restart()
  const { uid } = apiServer.accounts.put('team-a', 'web', identity).metadata
  putAll()
  await simulation.round()
  t.strictSame(askedFor(simulation), ['db-password'])
  for (const name of Object.keys(specs)) {
    const password = name === 'hourly' ? 'new' : 'correct horse'
    t.strictSame(simulation.values(name), { password }, name)
    t.match(ready(simulation, name), { status: 'True', reason: 'SecretSynced' }, name)
    const owners = apiServer.secrets.get(`team-a/${name}`)?.metadata['ownerReferences']
    t.strictSame(
      owners?.map((owner) => owner.uid),
      [uid],
      `${name} is ours`,
    )
  }
})

t.test('OnChange follows the ExternalSecret, its store and sync-now, and no clock', async (t) => {
  const simulation = await start(t)
  const { externalSecrets, apiServer } = simulation
  const put = (more = {}) =>
    externalSecrets.put(
      'ExternalSecret',
      { name: 'db' },
      secret({ refreshPolicy: 'OnChange', ...more }),
    )
  put()
  await simulation.round()
  askedFor(simulation)
  simulation.pass(100 * hourMs)
  await simulation.round()
  simulation.restart()
  await simulation.round()
  t.strictSame(askedFor(simulation), [])
  put({ target: { template: { data: { url: 'p={{ .password }}' } } } })
  await simulation.round()
  t.strictSame(askedFor(simulation), ['db-password'])
  t.strictSame(simulation.values('db'), { url: 'p=correct horse' })
  externalSecrets.put(
    'SecretStore',
    { name: 'kv' },
    simulation.store({ tenantId: identity['azure.workload.identity/tenant-id'] }),
  )
  await simulation.round()
  t.strictSame(askedFor(simulation), ['db-password'])
  apiServer.accounts.put('team-a', 'web', { ...identity, 'akv-injector.io/sync-now': '1' })
  await simulation.round()
  t.strictSame(askedFor(simulation), ['db-password'])
})

t.test('a forged status that says SecretDeleted overwrites nothing that exists', async (t) => {
  for (const spec of [
    { refreshPolicy: 'CreatedOnce' },
    { refreshInterval: '0' },
    { refreshPolicy: 'OnChange' },
  ]) {
    const simulation = await start(t)
    const { externalSecrets, apiServer, azure } = simulation
    const place = { name: 'db' }
    externalSecrets.put('ExternalSecret', place, secret(spec))
    await simulation.round()
    azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
    askedFor(simulation)
    const status = externalSecrets.status('ExternalSecret', 'db')
    const forged = { ...status, conditions: [{ ...ready(simulation), reason: 'SecretDeleted' }] }
    externalSecrets.put('ExternalSecret', place, secret(spec), { status: forged })
    for (const restart of [() => undefined, simulation.restart]) {
      restart()
      simulation.pass(2 * hourMs)
      await simulation.round()
      t.strictSame(askedFor(simulation), [], JSON.stringify(spec))
      t.strictSame(simulation.values('db'), { password: 'correct horse' })
    }
    apiServer.secrets.delete('team-a/db')
    simulation.pass(2 * hourMs)
    await simulation.round()
    t.strictSame(
      simulation.values('db'),
      { password: 'new' },
      'a Secret that is gone is made again',
    )
  }
})

t.test('without the right to write statuses, each has its time all the same', async (t) => {
  const simulation = await start(t)
  const { externalSecrets, apiServer } = simulation
  apiServer.before = ({ method, path }) =>
    method === 'PATCH' && path.endsWith('/status') ? [403, {}] : undefined
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  t.strictSame(askedFor(simulation), ['db-password'])
  for (let i = 0; i < 3; i++) await simulation.round()
  t.strictSame(askedFor(simulation), [])
})
