import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { ready, type Started, secret, start } from '../harness/external-secret-simulation.ts'
import { webId } from '../harness/simulation.ts'

const hourMs = 60 * 60_000

const created = '2026-01-02T03:04:05Z'
const of = (value: string, more: object = {}) => ({ versions: [{ value, created, ...more }] })

const vaults = (secrets: object, more: object = {}) =>
  stringify({
    identities: [
      { clientId: webId, federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }] },
    ],
    vaults: { 'team-a': { readers: [webId], secrets, ...more } },
  })

const shop = {
  'shop-db': of('postgres', { tags: { team: 'shop', stage: 'prod' } }),
  'shop-api': of('key', { tags: { team: 'shop' } }),
  'old-shop-api': of('old', { tags: { team: 'Shop' } }),
  'shop-off': { versions: [{ value: 'x', enabled: false }] },
  other: of('{"user":"u"}'),
}

/** Puts an ExternalSecret with these finds. */
function put(
  { externalSecrets }: Started,
  finds: readonly object[],
  { name = 'db', interval = '5m', ...more }: { name?: string; interval?: string } & object = {},
): void {
  const dataFrom = finds.map((find) => ('find' in find || 'extract' in find ? find : { find }))
  externalSecrets.put(
    'ExternalSecret',
    { name },
    secret({ data: [], dataFrom, refreshInterval: interval, ...more }),
  )
}

async function started(t: Test, secrets: object = shop, more: object = {}) {
  const simulation = await start(t, ['web'], vaults(secrets, more))
  /** Lets an interval pass, and runs a round. */
  const next = async (ms = 6 * 60_000) => {
    simulation.pass(ms)
    await simulation.round()
  }
  const paths = () =>
    simulation
      .vaultPaths()
      .map((path) => path.replace(/^\/team-a\/secrets\/?/, '').replace(/\/$/, ''))
  return { ...simulation, next, paths }
}

t.test('secrets are found by a part of their names and by their tags', async (t) => {
  const simulation = await started(t, shop, { certificates: { 'shop-web': {} } })
  const finds: Readonly<Record<string, object>> = {
    part: { name: { regexp: 'shop-a' } },
    anchored: { name: { regexp: '^shop-a' } },
    tags: { tags: { team: 'shop' } },
    both: { name: { regexp: 'db$' }, tags: { team: 'shop', stage: 'prod' } },
    any: {},
    empty: { name: { regexp: '' }, tags: {} },
    certificate: { name: { regexp: 'shop-web' } },
  }
  for (const [name, find] of Object.entries(finds)) put(simulation, [find], { name })
  await simulation.round()
  const all = ['old-shop-api', 'other', 'shop-api', 'shop-db', 'shop-web']
  const keys = (name: string) => Object.keys(simulation.values(name) ?? {}).sort()
  t.strictSame(keys('part'), ['old-shop-api', 'shop-api'])
  t.strictSame(simulation.values('anchored'), { 'shop-api': 'key' })
  t.strictSame(simulation.values('tags'), { 'shop-api': 'key', 'shop-db': 'postgres' })
  t.strictSame(simulation.values('both'), { 'shop-db': 'postgres' })
  t.strictSame(keys('any'), all, 'a disabled one is not among them')
  t.strictSame(keys('empty'), all)
  t.strictSame(keys('certificate'), ['shop-web'])
  for (const name of Object.keys(finds)) t.match(ready(simulation, name), { status: 'True' })
  t.equal(
    simulation.paths().filter((path) => path === '').length,
    1,
    'all finds share one list, and a secret is fetched once',
  )
})

t.test('names become keys by rewrite, and values are decoded', async (t) => {
  const simulation = await started(t, { 'a-one': 'MQ==', 'a-two': 'Mg==' })
  const regexp = { source: '^a-(.*)$', target: 'A_$1' }
  put(simulation, [
    { find: { name: { regexp: '^a-' }, decodingStrategy: 'Base64' }, rewrite: [{ regexp }] },
  ])
  const same = { source: '.*', target: 'same' }
  put(simulation, [{ find: {}, rewrite: [{ regexp: same }] }], { name: 'collision' })
  await simulation.round()
  t.strictSame(simulation.values('db'), { A_one: '1', A_two: '2' })
  t.equal(simulation.values('collision'), undefined)
  t.match(ready(simulation, 'collision'), { status: 'False', message: /^AKV_SYNC_VALUES/ })
})

t.test('finding nothing is no error, and the other sources count', async (t) => {
  const simulation = await started(t)
  put(simulation, [{ name: { regexp: '^nothing' } }])
  put(simulation, [{ name: { regexp: '^nothing' } }, { extract: { key: 'other' } }], {
    name: 'two',
  })
  await simulation.round()
  t.equal(simulation.values('db'), undefined)
  t.strictSame(simulation.values('two'), { user: 'u' })
  const nothing = 'a find in vault team-a finds nothing'
  for (const [name, outcome] of [
    ['db', "wasn't created, because the vault has none of its objects"],
    ['two', 'was synced'],
  ] as const)
    t.match(ready(simulation, name), {
      status: 'True',
      reason: 'SecretSynced',
      message: `Secret ${name} ${outcome}; read as ServiceAccount web; ${nothing}`,
    })
  simulation.azure.update({ vault: 'team-a', name: 'other', enabled: true })
  put(simulation, [{ name: { regexp: '^other' } }])
  await simulation.round()
  t.strictSame(simulation.values('db'), { other: '{"user":"u"}' })
  put(simulation, [{ name: { regexp: '^nothing' } }])
  await simulation.round()
  t.strictSame(simulation.values('db'), { other: '{"user":"u"}' }, 'it keeps what it has')
  t.match(ready(simulation), {
    status: 'True',
    message: /^Secret db stays as it is, because the vault has none of its objects; read as/,
  })
})

t.test('only what has changed is fetched again, and everything once an hour', async (t) => {
  const simulation = await started(t)
  put(simulation, [{ name: { regexp: '^shop' } }])
  await simulation.round()
  t.strictSame(simulation.paths().sort(), ['', 'shop-api', 'shop-db'])
  await simulation.next()
  t.strictSame(simulation.paths(), [''])
  simulation.azure.rotate({ vault: 'team-a', name: 'shop-db', value: 'new' })
  simulation.pass(10_000)
  await simulation.next()
  t.strictSame(simulation.paths(), ['', 'shop-db'])
  t.match(simulation.values('db'), { 'shop-db': 'new' })
  await simulation.next(hourMs)
  t.strictSame(simulation.paths().sort(), ['', 'shop-api', 'shop-db'])
})

t.test('a secret that changes twice within a second isn’t missed', async (t) => {
  const simulation = await started(t)
  put(simulation, [{ name: { regexp: '^shop' } }])
  await simulation.round()
  simulation.pass(6 * 60_000)
  simulation.azure.rotate({ vault: 'team-a', name: 'shop-db', value: 'first' })
  await simulation.round()
  t.match(simulation.values('db'), { 'shop-db': 'first' })
  simulation.azure.rotate({ vault: 'team-a', name: 'shop-db', value: 'second' })
  simulation.paths()
  await simulation.next()
  t.strictSame(simulation.paths(), ['', 'shop-db'])
  t.match(simulation.values('db'), { 'shop-db': 'second' })
  await simulation.next()
  t.strictSame(simulation.paths(), [''])
})

t.test('what the vault no longer has goes, and what is new comes', async (t) => {
  const simulation = await started(t)
  put(simulation, [{ name: { regexp: '^shop' } }])
  await simulation.round()
  simulation.azure.update({ vault: 'team-a', name: 'shop-db', deleted: true })
  simulation.azure.update({ vault: 'team-a', name: 'shop-off', enabled: true })
  await simulation.next()
  t.strictSame(simulation.values('db'), { 'shop-api': 'key', 'shop-off': 'x' })
  for (const name of ['shop-api', 'shop-off'])
    simulation.azure.update({ vault: 'team-a', name, deleted: true })
  await simulation.next()
  t.strictSame(simulation.values('db'), { 'shop-api': 'key', 'shop-off': 'x' }, 'as with Retain')
  t.match(ready(simulation), { status: 'True' })
})

t.test('a secret that goes between the list and its fetch is left out', async (t) => {
  const simulation = await started(t)
  put(simulation, [{ name: { regexp: '^shop' } }])
  await simulation.round()
  simulation.azure.addFault({
    match: { path: '/team-a/secrets/shop-db' },
    action: { kind: 'status', status: 404 },
  })
  await simulation.next(hourMs)
  t.strictSame(simulation.values('db'), { 'shop-api': 'key' })
  t.match(ready(simulation), { status: 'True' })
  simulation.azure.clearFaults()
  await simulation.next()
  t.match(simulation.values('db'), { 'shop-db': 'postgres' })
})

const many = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`s${100 + i}`, of(`${i}`)]))

t.test('a list that fails keeps everything', async (t) => {
  const simulation = await started(t, many)
  put(simulation, [{}])
  await simulation.round()
  t.equal(Object.keys(simulation.values('db') ?? {}).length, 60)
  let version = simulation.version('db')
  for (const action of [
    { kind: 'status', status: 503 },
    { kind: 'throttle', retryAfterSeconds: 1 },
    { kind: 'malformed' },
  ] as const) {
    simulation.azure.rotate({ vault: 'team-a', name: 's100', value: `not ${action.kind}` })
    simulation.pass(10 * 60_000)
    simulation.azure.addFault({ count: 1, match: { path: '/team-a/secrets' }, action })
    await simulation.round()
    t.equal(simulation.version('db'), version, action.kind)
    t.match(ready(simulation), { status: 'False', message: /the list of secrets in vault team-a/ })
    simulation.pass(60_000)
    await simulation.round()
    t.match(ready(simulation), { status: 'True' }, 'a retry lists it again')
    t.match(simulation.values('db'), { s100: `not ${action.kind}` })
    version = simulation.version('db')
  }
})

t.test('after a restart without a list, the Secret stays as it is', async (t) => {
  const simulation = await started(t, many)
  put(simulation, [{}])
  await simulation.round()
  const version = simulation.version('db')
  simulation.restart()
  simulation.azure.addFault({
    match: { path: '/team-a/secrets' },
    action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
  })
  await simulation.next()
  t.equal(simulation.version('db'), version)
  t.match(ready(simulation), {
    status: 'False',
    message: /AKV_FORBIDDEN.*may not list the secrets of vault team-a/,
  })
})

t.test('a find of too many secrets changes nothing, and says how many they are', async (t) => {
  const secrets = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`s${i}`, 'x']))
  const simulation = await started(t, secrets)
  put(simulation, [{}])
  put(simulation, [{ name: { regexp: '^s1' } }], { name: 'few' })
  await simulation.round()
  t.equal(simulation.values('db'), undefined)
  t.match(ready(simulation), {
    status: 'False',
    message: /AKV_LIST_TOO_LONG: .*matches 501 secrets; accepted: at most 500/,
  })
  t.equal(Object.keys(simulation.values('few') ?? {}).length, 111)
  t.match(ready(simulation, 'few'), { status: 'True' })
})

t.test('a path has no effect, which a note says', async (t) => {
  const simulation = await started(t)
  put(simulation, [{ path: 'shop', name: { regexp: '^shop-db' } }])
  await simulation.round()
  t.strictSame(simulation.values('db'), { 'shop-db': 'postgres' })
  t.match(ready(simulation), {
    status: 'True',
    message: /spec\.dataFrom\[0\]\.find\.path has no effect/,
  })
})

t.test('a retry of something else doesn’t fetch large values again', async (t) => {
  const secrets = Object.fromEntries(
    Array.from({ length: 250 }, (_, i) => [`s${i}`, of('x'.repeat(20_000))]),
  )
  const simulation = await started(t, secrets)
  put(simulation, [{}], { interval: '1h' })
  simulation.externalSecrets.put(
    'ExternalSecret',
    { name: 'gone' },
    secret({ refreshInterval: '1h' }, 'nothing-here'),
  )
  await simulation.round()
  t.ok(simulation.paths().length > 250)
  await simulation.next(60_000)
  t.strictSame(simulation.paths(), ['nothing-here'])
})
