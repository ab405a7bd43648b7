import t from 'tap'
import { accountEntry } from '../../sync/round/account-entry.ts'
import { workAccount } from '../../sync/round/work-account.ts'
import { annotations, apiId, startWorld, vaultData } from './world.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }

t.test('a vault that is down for an hour: one Event, the data stays, one Event', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.events()
  world.writes()
  world.azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  world.pass(301_000)
  let minutes = 0
  while (minutes < 60) {
    const nextMs = (await world.round()) ?? 0
    t.ok(nextMs <= 300_000)
    world.pass(nextMs)
    minutes += nextMs / 60_000
  }
  t.match(world.events(), [
    /^team-a\/web SyncFailed: AKV_VAULT_UNAVAILABLE: [^A]*vault team-a is failing/,
  ])
  world.restart()
  await world.round()
  t.strictSame(world.writes(), [], 'also after a restart')
  t.strictSame(world.values('db'), good)
  world.events()
  world.azure.clearFaults()
  await world.round()
  t.strictSame(world.events(), ['team-a/web Synced: everything is in sync again'])
  t.strictSame(world.writes(), [])
})

t.test('only what failed is asked for again, and later each time', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  const match = { path: '/team-a/secrets/db-password' }
  world.azure.addFault({ match, action: { kind: 'status', status: 500 } })
  const delays: number[] = []
  for (let i = 0; i < 8; i++) delays.push((await world.round()) ?? 0)
  t.strictSame(delays.slice(0, 6), [2_500, 5_000, 10_000, 20_000, 40_000, 80_000])
  t.ok(Math.max(...delays) <= 150_000)
  const asked = world.vaultPaths().map((path) => path.split('/')[3])
  t.strictSame(asked.filter((name) => name === 'db').length, 1)
  t.strictSame(asked.filter((name) => name === 'db-password').length, 8)
  t.equal(world.values('db'), undefined, 'nothing is created that isn’t whole')
  world.azure.clearFaults()
  await world.round()
  t.strictSame(world.values('db'), good)
})

t.test('one failing object keeps its value while the others move on', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  const match = { path: '/team-a/secrets/db-password' }
  world.azure.addFault({ match, action: { kind: 'status', status: 500 } })
  world.azure.rotate({ vault: 'team-a', name: 'db', value: '{"url":"postgres://y"}' })
  world.restart()
  await world.round()
  t.strictSame(world.values('db'), { ...good, url: 'postgres://y' })
})

t.test('Entra refuses, and then does not', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  world.azure.addFault({ match: { service: 'entra' }, action: { kind: 'entra', code: 700213 } })
  await world.round()
  await world.round()
  const events = world.events()
  t.match(events, [
    /AKV_FEDERATION_MISMATCH: .*system:serviceaccount:team-a:web.* Compare the issuer/,
  ])
  t.equal(events.length, 1, 'one for all objects and tries')
  t.strictSame(world.vaultPaths(), [])
  world.azure.clearFaults()
  await world.round()
  t.strictSame(world.values('db'), good)
})

t.test(
  'another account’s client id yields nothing, though its token and values are cached',
  async (t) => {
    const world = await startWorld(t)
    world.apiServer.accounts.put('team-a', 'web', annotations(db))
    world.apiServer.accounts.put('team-a', 'api', annotations(db.replace('db,', 'stolen,')))
    await world.round('web')
    world.vaultPaths()
    await world.round('api')
    t.equal(world.values('stolen'), undefined)
    t.strictSame(world.vaultPaths(), [], 'no request with somebody else’s token')
    t.match(
      world.events().at(-1),
      /^team-a\/api SyncFailed: AKV_FEDERATION_MISMATCH: client 2222.*subject "system:serviceaccount:team-a:api"/,
    )
  },
)

t.test('another identity begins anew: nothing of the one before is used', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(db, { 'akv-injector.io/client-id': apiId }),
  )
  world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  world.vaultPaths()
  await world.round()
  t.strictSame(world.vaultPaths(), [])
  t.strictSame(world.values('db'), good, 'the last good data stays')
  t.match(world.events().at(-1), /AKV_FEDERATION_MISMATCH/)
})

t.test('an account without a client id keeps what it has, and is told what to set', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  await world.round()
  world.writes()
  world.events()
  const { 'azure.workload.identity/client-id': _, ...without } = annotations(db)
  world.apiServer.accounts.put('team-a', 'web', without)
  await world.round()
  t.strictSame(world.values('db'), good)
  t.strictSame(world.writes(), [])
  t.match(world.events(), [
    /AKV_IDENTITY_MISSING: no client id is known\. .*azure\.workload\.identity\/client-id/,
  ])
})

t.test('a vault that throttles is left alone by all accounts', async (t) => {
  const world = await startWorld(t)
  const shared = '[{ secret: NAME, data: "token=team-b:shared" }]'
  world.apiServer.accounts.put('team-a', 'web', annotations(shared.replace('NAME', 'w')))
  world.apiServer.accounts.put('team-a', 'api', {
    ...annotations(shared.replace('NAME', 'a')),
    'azure.workload.identity/client-id': apiId,
  })
  const action = { kind: 'throttle', retryAfterSeconds: 60 } as const
  world.azure.addFault({ match: { vault: 'team-b' }, count: 1, action })
  const webMs = (await world.round('web')) ?? 0
  t.ok(webMs >= 59_000, 'not before the Retry-After')
  world.vaultPaths()
  const apiMs = (await world.round('api')) ?? 0
  t.strictSame(world.vaultPaths(), [], 'the other one does not ask either')
  t.ok(apiMs >= 58_000)
  world.pass(61_000)
  await world.round('api')
  t.strictSame(world.values('a'), { token: 'token' })
})

t.test('a vault that asks for an hour does not have the others wait for it', async (t) => {
  const world = await startWorld(t)
  const two = '[{ secret: db, data: "password=db-password" }, { secret: s, data: "team-b:shared" }]'
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(two, { 'akv-injector.io/refresh': '30s' }),
  )
  const action = { kind: 'throttle', retryAfterSeconds: 3600 } as const
  world.azure.addFault({ match: { vault: 'team-b' }, action })
  t.ok(((await world.round()) ?? 0) <= 33_000)
  world.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  world.pass(33_000)
  world.vaultPaths()
  await world.round()
  t.strictSame(world.values('db'), { password: 'new one' })
  t.notMatch(world.vaultPaths().join(), /team-b/, 'which is left alone')
})

t.test('an account with more than is kept of one goes on as after a restart', async (t) => {
  const large = Array.from({ length: 5 }, (_, i) => `large-${i}: '${String(i).repeat(24_000)}'`)
  const yaml = vaultData.replace('extra: more', `extra: more, ${large.join(', ')}`)
  const world = await startWorld(t, { yaml })
  const keys = Array.from({ length: 36 }, (_, i) => `k${i}=large-${i % 5}`).join(', ')
  const many = Array.from({ length: 6 }, (_, i) => `- { secret: s${i}, data: "${keys}" }`)
  const sync = `${many.join('\n')}\n- { secret: db, data: "password=db-password, new=absent?" }`
  world.apiServer.accounts.put('team-a', 'web', annotations(sync))
  const { accounts } = await world.options.cluster.listAccounts('team-a')
  for (const account of accounts) {
    const entry = accountEntry(account, true)
    await workAccount(entry, world.options)
    t.equal(entry.state.access?.values?.refresh.content.files.size, 0)
  }
  t.equal(Object.keys(world.values('s5') ?? {}).length, 36)
  await world.round()
  world.writes()
  world.azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status: 503 } })
  for (const ms of [301_000, 5_000]) {
    world.pass(ms)
    await world.round()
    t.strictSame(world.writes(), [])
  }
  world.azure.clearFaults()
  world.azure.rotate({ vault: 'team-a', name: 'large-0', value: 'new one' })
  await world.round()
  t.equal(world.values('s5')?.['k0'], 'new one')
  t.equal(world.writes().length, 6)
})

t.test('of a JSON value with thousands of properties no key is made', async (t) => {
  const properties = Array.from({ length: 501 }, (_, i) => `"k${i}":0`)
  const yaml = vaultData.replace('extra: more', `extra: more, wide: '{${properties.join()}}'`)
  const world = await startWorld(t, { yaml })
  const sync = '[{ secret: a, data: "wide#*" }, { secret: b, data: "x=wide#k7" }]'
  world.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await world.round()
  t.equal(world.values('a'), undefined)
  t.strictSame(world.values('b'), { x: '0' })
  t.match(world.events(), [/created Secret b$/, /AKV_PROPERTY: .*wide.* more than 500 properties/])
})

t.test('an object that is deleted stays, or goes where that is asked for', async (t) => {
  const world = await startWorld(t)
  const sync = '[{ secret: db, data: "password=db-password?, extra" }]'
  world.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await world.round()
  world.azure.update({ vault: 'team-a', name: 'db-password', deleted: true })
  for (const restart of [() => undefined, world.restart]) {
    restart()
    world.pass(301_000)
    await world.round()
    t.strictSame(world.values('db'), { password: 'correct horse', extra: 'more' })
  }
  world.apiServer.accounts.put(
    'team-a',
    'web',
    annotations(sync, { 'akv-injector.io/on-deleted': 'remove' }),
  )
  await world.round()
  t.strictSame(world.values('db'), { extra: 'more' })
})

t.test('what the API server refuses is told without the value', async (t) => {
  const world = await startWorld(t)
  const sync =
    '[{ secret: pull, type: kubernetes.io/dockerconfigjson, data: ".dockerconfigjson=pull" }, { secret: db, data: extra }]'
  world.apiServer.accounts.put('team-a', 'web', annotations(sync))
  await world.round()
  t.match(world.events(), [/created Secret db$/, /AKV_SECRET_REFUSED: .*dockerconfigjson/])
  t.notMatch(JSON.stringify([world.apiServer.events, world.log.lines]), /s3cr3t/)
})

t.test('an API server that fails is waited for, and what it missed is told after', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  world.apiServer.before = ({ path }) => (/secrets|events|token/.test(path) ? [503, {}] : undefined)
  const nextMs = await world.round()
  t.ok(nextMs && nextMs <= 5_000)
  t.strictSame(world.events(), [])
  world.apiServer.before = ({ path }) => (/token/.test(path) ? [403, {}] : undefined)
  await world.round()
  t.match(world.events(), [/AKV_ACCOUNT_TOKEN: ServiceAccount team-a\/web: no token/])
  world.apiServer.before = () => undefined
  await world.round()
  t.strictSame(world.values('db'), good)
})

t.test('neither log nor Event nor error has a value or a token', async (t) => {
  const world = await startWorld(t)
  world.apiServer.accounts.put('team-a', 'web', annotations(db))
  const tokens: string[] = []
  const { tokenOf } = world.apiServer
  world.apiServer.tokenOf = async (...names) => {
    const token = await tokenOf(...names)
    tokens.push(token)
    return token
  }
  await world.round()
  for (const action of [
    { kind: 'reset' },
    { kind: 'status', status: 401 },
    { kind: 'malformed', body: '{"value":"correct horse"' },
  ] as const) {
    world.azure.addFault({ match: { service: 'vault' }, action })
    world.pass(301_000)
    await world.round()
    world.azure.clearFaults()
  }
  const said = JSON.stringify([world.apiServer.events, world.log.lines])
  t.notMatch(said, /correct horse|postgres/)
  t.ok(tokens.length > 0)
  for (const token of tokens) t.notOk(said.includes(token.split('.')[2] ?? ''))
})
