import t from 'tap'
import { accountEntry } from '../../../sync/account/account-entry.ts'
import { createRounds } from '../../../sync/round/round.ts'
import { annotations, apiId, startSimulation, vaultData } from '../harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }

t.test(
  'an outage of an hour gives one Event at its start and one at its end, and the data stays',
  async (t) => {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
    await simulation.round()
    simulation.events()
    simulation.writes()
    simulation.azure.addFault({
      match: { service: 'vault' },
      action: { kind: 'status', status: 503 },
    })
    simulation.pass(301_000)
    let minutes = 0
    while (minutes < 60) {
      const nextMs = (await simulation.round()) ?? 0
      t.ok(nextMs <= 300_000)
      simulation.pass(nextMs)
      minutes += nextMs / 60_000
    }
    t.match(simulation.events(), [
      /^team-a\/web SyncFailed: AKV_VAULT_UNAVAILABLE: [^A]*vault team-a is failing/,
    ])
    simulation.restart()
    await simulation.round()
    t.strictSame(simulation.writes(), [], 'also after a restart')
    t.strictSame(simulation.values('db'), good)
    simulation.events()
    simulation.azure.clearFaults()
    await simulation.round()
    t.strictSame(simulation.events(), ['team-a/web Synced: everything is in sync again'])
    t.strictSame(simulation.writes(), [])
  },
)

t.test('only failed objects are retried, each time after a longer pause', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  const match = { path: '/team-a/secrets/db-password' }
  simulation.azure.addFault({ match, action: { kind: 'status', status: 500 } })
  const delays: number[] = []
  for (let i = 0; i < 8; i++) delays.push((await simulation.round()) ?? 0)
  t.strictSame(delays.slice(0, 6), [2_500, 5_000, 10_000, 20_000, 40_000, 80_000])
  t.ok(Math.max(...delays) <= 150_000)
  const asked = simulation.vaultPaths().map((path) => path.split('/')[3])
  t.strictSame(asked.filter((name) => name === 'db').length, 1)
  t.strictSame(asked.filter((name) => name === 'db-password').length, 8)
  t.equal(simulation.values('db'), undefined, 'nothing is created that isn’t whole')
  simulation.azure.clearFaults()
  await simulation.round()
  t.strictSame(simulation.values('db'), good)
})

t.test('a failing object keeps its value while the others are updated', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  const match = { path: '/team-a/secrets/db-password' }
  simulation.azure.addFault({ match, action: { kind: 'status', status: 500 } })
  simulation.azure.rotate({ vault: 'team-a', name: 'db', value: '{"url":"postgres://y"}' })
  simulation.restart()
  await simulation.round()
  t.strictSame(simulation.values('db'), { ...good, url: 'postgres://y' })
})

t.test('an account recovers after Entra has refused it', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  simulation.azure.addFault({
    match: { service: 'entra' },
    action: { kind: 'entra', code: 700213 },
  })
  await simulation.round()
  await simulation.round()
  const events = simulation.events()
  t.match(events, [
    /AKV_FEDERATION_MISMATCH: .*system:serviceaccount:team-a:web.* Compare the issuer/,
  ])
  t.equal(events.length, 1, 'one for all objects and tries')
  t.strictSame(simulation.vaultPaths(), [])
  simulation.azure.clearFaults()
  await simulation.round()
  t.strictSame(simulation.values('db'), good)
})

t.test(
  'another account’s client id gains nothing, even while its token and values are cached',
  async (t) => {
    const simulation = await startSimulation(t)
    simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
    simulation.apiServer.accounts.put('team-a', 'api', annotations(db.replace('db,', 'stolen,')))
    await simulation.round('web')
    simulation.vaultPaths()
    await simulation.round('api')
    t.equal(simulation.values('stolen'), undefined)
    t.strictSame(simulation.vaultPaths(), [], 'no request with somebody else’s token')
    t.match(
      simulation.events().at(-1),
      /^team-a\/api SyncFailed: AKV_FEDERATION_MISMATCH: client 2222.*subject "system:serviceaccount:team-a:api"/,
    )
  },
)

t.test('a new identity uses nothing that the previous one fetched', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(db, { 'akv-injector.io/client-id': apiId }),
  )
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  simulation.vaultPaths()
  await simulation.round()
  t.strictSame(simulation.vaultPaths(), [])
  t.strictSame(simulation.values('db'), good, 'the last good data stays')
  t.match(simulation.events().at(-1), /AKV_FEDERATION_MISMATCH/)
})

t.test('an account without a client id keeps its Secrets and is told what to set', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  await simulation.round()
  simulation.writes()
  simulation.events()
  const { 'azure.workload.identity/client-id': _, ...without } = annotations(db)
  simulation.apiServer.accounts.put('team-a', 'web', without)
  await simulation.round()
  t.strictSame(simulation.values('db'), good)
  t.strictSame(simulation.writes(), [])
  t.match(simulation.events(), [
    /AKV_IDENTITY_MISSING: no client ID is configured\. .*azure\.workload\.identity\/client-id/,
  ])
})

t.test('no account sends requests to a vault that throttles', async (t) => {
  const simulation = await startSimulation(t)
  const shared = '[{ secret: NAME, data: "token=team-b:shared" }]'
  simulation.apiServer.accounts.put('team-a', 'web', annotations(shared.replace('NAME', 'w')))
  simulation.apiServer.accounts.put('team-a', 'api', {
    ...annotations(shared.replace('NAME', 'a')),
    'azure.workload.identity/client-id': apiId,
  })
  const action = { kind: 'throttle', retryAfterSeconds: 60 } as const
  simulation.azure.addFault({ match: { vault: 'team-b' }, count: 1, action })
  const webMs = (await simulation.round('web')) ?? 0
  t.ok(webMs >= 59_000, 'not before the Retry-After')
  simulation.vaultPaths()
  const apiMs = (await simulation.round('api')) ?? 0
  t.strictSame(simulation.vaultPaths(), [], 'the other one does not ask either')
  t.ok(apiMs >= 58_000)
  simulation.pass(120_000)
  await simulation.round('api')
  t.strictSame(simulation.values('a'), { token: 'token' })
})

t.test('a vault that throttles for an hour doesn’t delay other vaults', async (t) => {
  const simulation = await startSimulation(t)
  const two = '[{ secret: db, data: "password=db-password" }, { secret: s, data: "team-b:shared" }]'
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(two, { 'akv-injector.io/refresh': '30s' }),
  )
  const action = { kind: 'throttle', retryAfterSeconds: 3600 } as const
  simulation.azure.addFault({ match: { vault: 'team-b' }, action })
  t.ok(((await simulation.round()) ?? 0) <= 33_000)
  simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  simulation.pass(33_000)
  simulation.vaultPaths()
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'new one' })
  t.notMatch(simulation.vaultPaths().join(), /team-b/, 'which is left alone')
})

t.test('an account with more values than we keep continues as after a restart', async (t) => {
  const large = Array.from({ length: 5 }, (_, i) => `large-${i}: '${String(i).repeat(24_000)}'`)
  const yaml = vaultData.replace('extra: more', `extra: more, ${large.join(', ')}`)
  const simulation = await startSimulation(t, { yaml })
  const keys = Array.from({ length: 36 }, (_, i) => `k${i}=large-${i % 5}`).join(', ')
  const many = Array.from({ length: 6 }, (_, i) => `- { secret: s${i}, data: "${keys}" }`)
  const sync = `${many.join('\n')}\n- { secret: db, data: "password=db-password, new=absent?" }`
  simulation.apiServer.accounts.put('team-a', 'web', annotations(sync))
  const { objects: accounts } = await simulation.options.cluster.accounts.list('team-a')
  for (const account of accounts) {
    const entry = accountEntry(account, true)
    await createRounds(simulation.options)(entry)
    t.equal(entry.state.access?.values?.refresh.content.files.size, 0)
  }
  t.equal(Object.keys(simulation.values('s5') ?? {}).length, 36)
  await simulation.round()
  simulation.writes()
  simulation.azure.addFault({
    match: { service: 'vault' },
    action: { kind: 'status', status: 503 },
  })
  for (const ms of [301_000, 5_000]) {
    simulation.pass(ms)
    await simulation.round()
    t.strictSame(simulation.writes(), [])
  }
  simulation.azure.clearFaults()
  simulation.azure.rotate({ vault: 'team-a', name: 'large-0', value: 'new one' })
  await simulation.round()
  t.equal(simulation.values('s5')?.['k0'], 'new one')
  t.equal(simulation.writes().length, 6)
})

t.test('a JSON value with thousands of properties is refused', async (t) => {
  const properties = Array.from({ length: 501 }, (_, i) => `"k${i}":0`)
  const yaml = vaultData.replace('extra: more', `extra: more, wide: '{${properties.join()}}'`)
  const simulation = await startSimulation(t, { yaml })
  const sync = '[{ secret: a, data: "wide#*" }, { secret: b, data: "x=wide#k7" }]'
  simulation.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await simulation.round()
  t.equal(simulation.values('a'), undefined)
  t.strictSame(simulation.values('b'), { x: '0' })
  t.match(simulation.events(), [
    /created Secret b$/,
    /AKV_SYNC_VALUES: secret team-a:wide: its value doesn't fit what is requested\. /,
  ])
})

t.test('the value of a deleted object is kept, or removed if on-deleted says so', async (t) => {
  const simulation = await startSimulation(t)
  const sync = '[{ secret: db, data: "password=db-password?, extra" }]'
  simulation.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await simulation.round()
  simulation.azure.update({ vault: 'team-a', name: 'db-password', deleted: true })
  for (const restart of [() => undefined, simulation.restart]) {
    restart()
    simulation.pass(301_000)
    await simulation.round()
    t.strictSame(simulation.values('db'), { password: 'correct horse', extra: 'more' })
  }
  simulation.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(sync, { 'akv-injector.io/on-deleted': 'remove' }),
  )
  await simulation.round()
  t.strictSame(simulation.values('db'), { extra: 'more' })
})

t.test('a refusal of the API server is reported without the value', async (t) => {
  const simulation = await startSimulation(t)
  const sync =
    '[{ secret: pull, type: kubernetes.io/dockerconfigjson, data: ".dockerconfigjson=pull" }, { secret: db, data: extra }]'
  simulation.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await simulation.round()
  t.match(simulation.events(), [/created Secret db$/, /AKV_SYNC_VALUES: Secret pull: /])
  t.notMatch(JSON.stringify([simulation.apiServer.events, simulation.log.lines]), /s3cr3t/)
})

t.test('after an outage of the API server, the Events that it missed are written', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  simulation.apiServer.before = ({ path }) =>
    /secrets|events|token/.test(path) ? [503, {}] : undefined
  const nextMs = await simulation.round()
  t.ok(nextMs && nextMs <= 5_000)
  t.strictSame(simulation.events(), [])
  simulation.apiServer.before = ({ path }) => (/token/.test(path) ? [403, {}] : undefined)
  await simulation.round()
  t.match(simulation.events(), [/AKV_ACCOUNT_TOKEN: ServiceAccount team-a\/web: no token/])
  simulation.apiServer.before = () => undefined
  await simulation.round()
  t.strictSame(simulation.values('db'), good)
})

t.test('logs, Events and errors contain no value and no token', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  const tokens: string[] = []
  const { tokenOf } = simulation.apiServer
  simulation.apiServer.tokenOf = async (...names) => {
    const token = await tokenOf(...names)
    tokens.push(token)
    return token
  }
  await simulation.round()
  for (const action of [
    { kind: 'reset' },
    { kind: 'status', status: 401 },
    { kind: 'malformed', body: '{"value":"correct horse"' },
  ] as const) {
    simulation.azure.addFault({ match: { service: 'vault' }, action })
    simulation.pass(301_000)
    await simulation.round()
    simulation.azure.clearFaults()
  }
  const said = JSON.stringify([simulation.apiServer.events, simulation.log.lines])
  t.notMatch(said, /correct horse|postgres/)
  t.ok(tokens.length > 0)
  for (const token of tokens) t.notOk(said.includes(token.split('.')[2] ?? ''))
})
