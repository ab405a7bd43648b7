import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { decodeJwt } from 'jose'
import t from 'tap'
import { ask, askToken, authorization, start } from './fixture.ts'

const emulator = await start(t)
const headers = await authorization(emulator)

const get = (name: string) => ask(emulator, `/team-a/secrets/${name}?api-version=7.6`, { headers })

async function post(path: string, body: unknown) {
  const response = await fetch(emulator.controlUrl + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, json: await response.json() }
}

t.test('a secret can be rotated to a given or a random value', async (t) => {
  const given = await post('/rotate', { vault: 'team-a', name: 'db-password', value: 'v2' })
  t.match(given, { status: 200, json: { version: /^[0-9a-f]{32}$/ } })
  t.match((await get('db-password')).json, { value: 'v2' })
  await post('/rotate', { vault: 'team-a', name: 'db-password' })
  t.match((await get('db-password')).json, { value: /^[0-9A-Za-z]{32}$/ })
})

t.test('identities and vaults can be added and removed', async (t) => {
  const clientId = 'AAAAAAAA-5555-5555-5555-555555555555'
  const content = {
    identities: [
      { clientId, federatedCredentials: [{ subject: 'system:serviceaccount:default:web' }] },
    ],
    vaults: {
      Added: {
        readers: [clientId],
        secrets: { one: 'first', off: { value: 'x', enabled: false } },
      },
    },
  }
  const names = async (): Promise<{ identities: readonly string[]; vaults: readonly string[] }> =>
    JSON.parse(await (await fetch(`${emulator.controlUrl}/names`)).text())
  const before = await names()
  const read = async (name: string) =>
    await ask(emulator, `/added/secrets/${name}?api-version=7.6`, {
      headers: await authorization(emulator, clientId),
    })
  for (let round = 0; round < 2; round++) {
    t.strictSame(await post('/add', content), { status: 200, json: {} })
    t.match(await read('one'), { status: 200, json: { value: 'first' } })
    t.equal((await read('off')).status, 403)
    t.match(await post('/add', { vaults: { other: {}, added: {} } }), {
      status: 409,
      json: { problems: ['the vault added already exists'] },
    })
    t.strictSame(await names(), {
      identities: [...before.identities, clientId.toLowerCase()],
      vaults: [...before.vaults, 'added'],
    })
    const added = { identities: [clientId], vaults: ['Added', 'absent'] }
    t.strictSame(await post('/remove', added), { status: 200, json: {} })
    t.strictSame(await names(), before)
  }
  t.match(await post('/add', { vaults: { a: {} } }), {
    status: 400,
    json: { problems: [/3 to 24/] },
  })
  t.equal((await post('/add', { tenantId: '11111111-1111-1111-1111-111111111111' })).status, 400)
})

t.test('a secret can be created once, and rotated only once it exists', async (t) => {
  const secret = { vault: 'team-a', name: 'brand-new' }
  const isUnknown = {
    status: 409,
    json: { problems: ['the vault team-a has no secret brand-new'] },
  }
  t.match(await post('/rotate', { ...secret, value: 'typo' }), isUnknown)
  t.equal((await get('brand-new')).status, 404)
  const created = await post('/create', { ...secret, value: '' })
  t.match(created, { status: 200, json: { version: /^[0-9a-f]{32}$/ } })
  t.match((await get('brand-new')).json, { value: '' })
  t.match(await post('/rotate', secret), { status: 200 })
  t.match(await post('/create', { ...secret, name: 'Brand-New' }), {
    status: 409,
    json: { problems: ['the vault team-a already has a secret Brand-New'] },
  })
  await post('/create', { vault: 'team-a', name: 'random-new' })
  t.match((await get('random-new')).json, { value: /^[0-9A-Za-z]{32}$/ })
})

t.test('a secret can be disabled, enabled, tagged, deleted and recovered', async (t) => {
  const secret = { vault: 'team-a', name: 'api-key' }
  const set = (change: object) => post('/set', { ...secret, ...change })
  t.strictSame(await set({ enabled: false }), { status: 200, json: {} })
  t.equal((await get('api-key')).status, 403)
  await set({ enabled: true, contentType: 'x/y', tags: { a: 'b' } })
  t.match((await get('api-key')).json, { contentType: 'x/y', tags: { a: 'b' } })
  await set({ deleted: true })
  t.equal((await get('api-key')).status, 404)
  t.match(await post('/rotate', secret), {
    status: 409,
    json: { problems: [/deleted: recover it/] },
  })
  await set({ deleted: false })
  t.equal((await get('api-key')).status, 200)
})

t.test('keys and certificates can be rotated and changed by their type', async (t) => {
  const own = await start(t, {
    yaml: `
vaults:
  abc: { secrets: { signing: x }, keys: { signing: {} }, certificates: { web: {} } }
`,
  })
  const send = async (path: string, body: object) => {
    const response = await fetch(own.controlUrl + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ vault: 'abc', ...body }),
    })
    return { status: response.status, json: await response.json() }
  }
  for (const body of [{ name: 'web' }, { name: 'web', type: 'certificate' }])
    t.match(await send('/rotate', body), { status: 200, json: { version: /^[0-9a-f]{32}$/ } })
  t.match(await send('/rotate', { name: 'signing', type: 'key' }), { status: 200 })
  t.match(await send('/set', { name: 'signing', type: 'key', enabled: false }), { status: 200 })
  t.match(await send('/rotate', { name: 'web', value: 'hunter2' }), {
    status: 409,
    json: { problems: ['the certificate web takes no value: a rotation generates a new key'] },
  })
  t.match(await send('/rotate', { name: 'web', type: 'tls' }), {
    status: 400,
    json: { problems: ['body.type: found "tls"; accepted: secret, key, certificate'] },
  })
})

t.test('faults can be added and cleared', async (t) => {
  const fault = { match: { vault: 'team-a' }, action: { kind: 'throttle', retryAfterSeconds: 3 } }
  t.match(await post('/faults', fault), { status: 200 })
  t.match(await get('db-password'), { status: 429, headers: { 'retry-after': '3' } })
  await fetch(`${emulator.controlUrl}/faults`, { method: 'DELETE' })
  t.equal((await get('db-password')).status, 200)
})

t.test('faults of one vault can be ended, and end with it', async (t) => {
  const add = (vault: string) =>
    post('/faults', { match: { vault }, action: { kind: 'status', status: 503 } })
  const end = (query: string) =>
    fetch(`${emulator.controlUrl}/faults?${query}`, { method: 'DELETE' })
  await add('TEAM-A')
  await end('vault=other')
  t.equal((await get('db-password')).status, 503)
  await end('vault=team-a')
  t.equal((await get('db-password')).status, 200)
  const read = () => ask(emulator, '/added/secrets/one?api-version=7.6', { headers })
  await add('added')
  t.equal((await read()).status, 503)
  await post('/remove', { vaults: ['Added'] })
  t.equal((await read()).status, 404)
  const refused = [
    ['vault=a&vault=b', /^query\.vault: found a list; accepted: a vault$/],
    // It would have ended all faults.
    ['vautl=team-a', /^query: unknown key "vautl"; did you mean "vault"\?/],
  ] as const
  await add('team-a')
  for (const [query, problem] of refused) {
    const answer = await end(query)
    t.equal(answer.status, 400)
    t.match(await answer.json(), { problems: [problem] })
  }
  t.equal((await get('db-password')).status, 503)
  await end('')
})

t.test('the control API issues tokens for service accounts', async (t) => {
  const account = { namespace: 'default', serviceAccount: 'web' }
  const { json } = await post('/service-account-tokens', account)
  t.equal((await askToken(emulator, { assertion: Object(json).token })).status, 200)
  const other = await post('/service-account-tokens', {
    ...account,
    audience: 'https://x',
    expiresInSeconds: -60,
  })
  const claims = decodeJwt(Object(other.json).token)
  t.strictSame(claims.aud, ['https://x'])
  t.ok((claims.exp ?? 0) < Date.now() / 1000)
})

t.test('the control API lists the requests it has seen, without secrets', async (t) => {
  await get('db-password')
  const response = await fetch(`${emulator.controlUrl}/requests`)
  const seen = await response.text()
  t.match(JSON.parse(seen).requests.at(-1), {
    method: 'GET',
    path: '/team-a/secrets/db-password',
    host: new URL(emulator.url).host,
    status: 200,
    hadAuthorization: true,
    atMs: Number,
  })
  t.notMatch(seen, /eyJ|Bearer|correct horse/)
})

t.test('an invalid control request is answered with every problem', async (t) => {
  const secret = { vault: 'team-a', name: 'old' }
  const cases: [string, unknown, number, RegExp][] = [
    ['/rotate', '{', 400, /JSON/],
    ['/rotate', '{"vault":"team-a","name":"a","value":hunter2}', 400, /not valid JSON/],
    [
      '/rotate',
      { ...secret, value: 'x'.repeat(25_601) },
      400,
      /value: longer than Key Vault allows/,
    ],
    ['/rotate', [], 400, /^body: found a list; accepted: a mapping with vault, name, type, value/],
    ['/rotate', { name: 'a' }, 400, /^body\.vault: found nothing; accepted: a vault/],
    ['/rotate', { ...secret, valeu: 'x' }, 400, /unknown key "valeu"; did you mean "value"/],
    ['/rotate', { ...secret, value: 7 }, 400, /^body\.value: found a number; accepted: a string$/],
    [
      '/rotate',
      { vault: 'nowhere', name: 'a' },
      409,
      /unknown vault nowhere; existing vaults: team-a, open/,
    ],
    ['/rotate', { vault: 'team-a', name: 'a/b' }, 400, /^body\.name: found "a\/b"/],
    ['/create', { ...secret, type: 'key' }, 400, /^body: unknown key "type"/],
    ['/create', { ...secret, vault: 'nowhere' }, 409, /unknown vault nowhere; existing vaults/],
    ['/set', { ...secret, name: 'none' }, 409, /the vault team-a has no secret none/],
    ['/set', { ...secret, version: 'f' }, 409, /the secret old has no version f/],
    ['/set', { ...secret, enabled: 'yes' }, 400, /^body\.enabled: found "yes"; accepted: true or/],
    ['/faults', {}, 400, /^body\.action\.kind: found nothing; accepted: throttle, status, delay/],
    ['/faults', { action: { kind: 'toString' } }, 400, /^body\.action\.kind: found "toString"/],
    ['/faults', { action: { kind: 'status', status: 42 } }, 400, /from 200 to 599/],
    ['/faults', { action: { kind: 'challenge', header: 'a\r\nb: c' } }, 400, /printable/],
    ['/faults', { count: 0, action: { kind: 'reset' } }, 400, /^body\.count: found 0; accepted/],
    ['/service-account-tokens', { namespace: 'a' }, 400, /^body\.serviceAccount: found nothing/],
    ['/service-account-tokens', { namespace: 'a:b', serviceAccount: 'c' }, 400, /found "a:b"/],
    ['/rotate', { ...secret, value: 'x'.repeat(300_000) }, 413, /too large/],
  ]
  for (const [path, body, status, problem] of cases) {
    const name = JSON.stringify([path, body]).slice(0, 80)
    const answer = await post(path, body)
    t.match(answer, { status, json: { problems: [problem] } }, name)
    t.notMatch(JSON.stringify(answer), /hunter2/)
  }
  const form = await fetch(`${emulator.controlUrl}/rotate`, { method: 'POST', body: 'vault=a' })
  t.match(await form.json(), { problems: ['send JSON, as content-type: application/json'] })
})

t.test('a request for another host name is refused, so DNS rebinding gains nothing', async (t) => {
  const { hostname, port } = new URL(emulator.controlUrl)
  const answer = await new Promise<[number | undefined, string]>((resolve, reject) => {
    const headers = { host: 'evil.example' }
    const sent = request({ hostname, port, path: '/requests', headers }, async (response) =>
      resolve([response.statusCode, await text(response)]),
    )
    sent.on('error', reject).end()
  })
  t.equal(answer[0], 403)
  t.match(answer[1], 'accepts only the host names 127.0.0.1 and localhost')
})
