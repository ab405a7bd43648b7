import t from 'tap'
import type { Fault } from '../../../emulator/faults/faults.ts'
import { innerForbiddenCodes } from '../../../emulator/refusals/vault-refusal.ts'
import { ask, askToken, authorization, secretClient, start } from '../fixture.ts'

const emulator = await start(t)
t.afterEach(() => emulator.clearFaults())
const headers = await authorization(emulator)
const path = '/team-a/secrets/db-password?api-version=7.6'
const get = () => ask(emulator, path, { headers })

t.test('a throttling fault says when to retry, and ends after its count', async (t) => {
  emulator.addFault({ count: 2, action: { kind: 'throttle', retryAfterSeconds: 7 } })
  for (let tried = 0; tried < 2; tried += 1)
    t.match(await get(), {
      status: 429,
      headers: { 'retry-after': '7' },
      json: { error: { code: 'Throttled' } },
    })
  t.equal((await get()).status, 200)
})

t.test('a fault affects only the requests that it matches', async (t) => {
  const down = { kind: 'status', status: 503 } as const
  const cases: [NonNullable<Fault['match']>, boolean][] = [
    [{}, true],
    [{ service: 'vault' }, true],
    [{ service: 'entra' }, false],
    [{ service: 'issuer' }, false],
    [{ vault: 'Team-A' }, true],
    [{ vault: 'open' }, false],
    [{ path: '/Team-a/secrets/db' }, true],
    [{ path: '/team-a/secrets/x' }, false],
    [{ method: 'get' }, true],
    [{ method: 'PUT' }, false],
    [{ authorized: true }, true],
    [{ authorized: false }, false],
    [{ laterPage: false }, true],
    [{ laterPage: true }, false],
    [{ vault: 'team-a', method: 'GET', authorized: true }, true],
    [{ vault: 'team-a', method: 'PUT' }, false],
  ]
  for (const [match, hits] of cases) {
    emulator.clearFaults()
    emulator.addFault({ match, action: down })
    t.equal((await get()).status, hits ? 503 : 200, JSON.stringify(match))
  }
})

t.test('faults of Entra have bodies like Entra’s errors', async (t) => {
  emulator.addFault({ match: { service: 'entra' }, action: { kind: 'status', status: 500 } })
  t.match(await askToken(emulator), {
    status: 500,
    json: { error: 'temporarily_unavailable', error_codes: [90033] },
  })
})

t.test(
  'a delayed request gets its normal answer, unless another fault matches it too',
  async (t) => {
    emulator.addFault({ count: 1, action: { kind: 'delay', delayMs: 50 } })
    const startedMs = performance.now()
    t.equal((await get()).status, 200)
    t.ok(performance.now() - startedMs >= 45)
    emulator.addFault({ action: { kind: 'delay', delayMs: 1 } })
    t.equal((await get()).status, 200, 'a delay that always applies delays once')
    emulator.addFault({ action: { kind: 'status', status: 500 } })
    t.equal((await get()).status, 500)
  },
)

t.test('a fault can reset the connection without an answer', async (t) => {
  emulator.addFault({ count: 1, action: { kind: 'reset' } })
  await t.rejects(get(), { code: 'ECONNRESET' })
  t.equal(emulator.requests.at(-1)?.status, 0)
  t.equal((await get()).status, 200)
})

t.test('faults can answer with redirects, challenges and given bodies', async (t) => {
  emulator.addFault({ count: 1, action: { kind: 'redirect', location: 'https://evil.example/x' } })
  t.match(await get(), { status: 302, headers: { location: 'https://evil.example/x' } })
  const header = 'Bearer authorization="https://evil.example/t", resource="https://evil.example"'
  emulator.addFault({ count: 1, action: { kind: 'challenge', header } })
  t.match(await get(), { status: 401, headers: { 'www-authenticate': header } })
  emulator.addFault({ count: 1, action: { kind: 'malformed' } })
  t.match(await get(), { status: 200, text: '{"value": "cut o', json: undefined })
  emulator.addFault({ count: 1, action: { kind: 'malformed', body: '{"value":7}' } })
  t.match(await get(), { status: 200, json: { value: 7 } })
})

t.test('a fault can refuse a role a few times, as if it had not spread yet', async (t) => {
  for (const innerCode of innerForbiddenCodes) {
    emulator.addFault({
      match: { vault: 'team-a' },
      count: 2,
      action: { kind: 'forbidden', innerCode },
    })
    t.equal((await ask(emulator, path)).status, 401, 'who is unknown gets a challenge, uncounted')
    for (let tried = 0; tried < 2; tried += 1)
      t.match(await get(), { status: 403, json: { error: { innererror: { code: innerCode } } } })
    t.equal((await get()).status, 200)
  }
})

t.test(
  'a fault can refuse a federated credential a few times, as if it had not spread yet',
  async (t) => {
    for (const code of [70021, 70025, 700211, 700212, 700213, 7002138, 50166, 7000272, 700027]) {
      emulator.addFault({ count: 1, action: { kind: 'entra', code } })
      const { json } = await askToken(emulator)
      t.match(json, { error_codes: [code], error_description: new RegExp(`^AADSTS${code}: `) })
      t.equal((await askToken(emulator)).status, 200)
    }
    emulator.addFault({ count: 1, action: { kind: 'entra', code: 700213 } })
    t.match((await askToken(emulator)).text, "'system:serviceaccount:default:web'")
    emulator.addFault({ count: 1, action: { kind: 'entra', code: 70025 } })
    t.match((await askToken(emulator)).text, /The client '[0-9a-f-]{36}' has no configured/)
    emulator.addFault({ count: 1, action: { kind: 'entra', code: 7000 } })
    t.match((await askToken(emulator)).json, { error_codes: [7000] })
  },
)

t.test('a fault can end at a given time', async (t) => {
  let nowMs = Date.parse('2026-06-01T12:00:00Z')
  const own = await start(t, { now: () => new Date(nowMs) })
  own.addFault({ forMs: 60_000, action: { kind: 'status', status: 503 } })
  nowMs += 59_999
  t.equal((await ask(own, path)).status, 503)
  nowMs += 1
  t.equal((await ask(own, path)).status, 401)
})

t.test('the first matching fault is used up first', async (t) => {
  emulator.addFault({ count: 1, action: { kind: 'status', status: 500 } })
  emulator.addFault({ count: 1, action: { kind: 'status', status: 502 } })
  t.strictSame([(await get()).status, (await get()).status, (await get()).status], [500, 502, 200])
})

t.test('the SDK reports faults like the service’s errors', async (t) => {
  const client = secretClient(emulator)
  await client.getSecret('db-password')
  emulator.addFault({ count: 1, action: { kind: 'forbidden', innerCode: 'ForbiddenByFirewall' } })
  await t.rejects(client.getSecret('db-password'), {
    statusCode: 403,
    code: 'Forbidden',
    message: /^Client address is not authorized and caller is not a trusted service/,
  })
})
