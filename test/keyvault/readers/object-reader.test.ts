import t from 'tap'
import { createObjectReader } from '../../../keyvault/readers/object-reader.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { startHttpsServer } from '../../support/servers/start-https-server.ts'
import { clientId } from '../../support/servers/start-test-emulator.ts'
import { connectTo, secret, secretValue, signInAt, startVault } from '../emulated-vault.ts'

const oldVersion = '0123456789abcdef0123456789abcdef'

async function readerAt(t: Parameters<typeof startVault>[0]) {
  const emulator = await startVault(t)
  const { token } = await signInAt(t, emulator)
  const agent = connectTo(t, emulator.caPem)
  const reader = createObjectReader({
    vaultUrl: emulator.vaultUrl,
    agent,
    token,
    principal: `client ${clientId}`,
  })
  return { emulator, ...reader }
}

t.test('a secret is its newest version, or the one named', async (t) => {
  const { read } = await readerAt(t)
  t.match(await read(secret('db-password')), { value: 'correct horse', version: /^[0-9a-f]{32}$/ })
  t.equal(await secretValue(read(secret('DB-Password'))), 'correct horse')
  t.equal(await secretValue(read(secret('pinned'))), 'new')
  t.strictSame(await read(secret('pinned', oldVersion)), {
    kind: 'secret',
    value: 'old',
    contentType: undefined,
    isCertificate: false,
    version: oldVersion,
    createdAtMs: Date.parse('2026-01-02T03:04:05Z'),
    expiresAtMs: Date.parse('2030-01-02T03:04:05Z'),
    updatedAtMs: Date.parse('2026-01-02T03:04:05Z'),
  })
  t.equal(await secretValue(read(secret('empty'))), '')
})

t.test('the token goes along at once: one request for each secret, no challenge', async (t) => {
  const { emulator, read } = await readerAt(t)
  await Promise.all([read(secret('db-password')), read(secret('pinned')), read(secret('empty'))])
  const gets = emulator.requests.filter(({ path }) => path.includes('/secrets/'))
  t.equal(gets.length, 3)
  t.equal(emulator.requests.filter(({ path }) => path.endsWith('/oauth2/v2.0/token')).length, 1)
})

t.test('each refusal of a vault has its code', async (t) => {
  const { emulator, read } = await readerAt(t)
  const fails = (reference: Parameters<typeof read>[0], code: string) =>
    t.rejects(read(reference), { name: 'AkvError', code }, code)
  await fails(secret('absent'), 'AKV_OBJECT_NOT_FOUND')
  await fails(secret('gone'), 'AKV_OBJECT_NOT_FOUND')
  await fails(secret('pinned', 'f'.repeat(32)), 'AKV_OBJECT_NOT_FOUND')
  await fails(secret('off'), 'AKV_OBJECT_DISABLED')
  await fails({ vault: 'team-b', type: 'secret', name: 'other' }, 'AKV_FORBIDDEN')
  emulator.addFault({
    count: 1,
    action: { kind: 'forbidden', innerCode: 'ForbiddenByFirewall' },
  })
  await t.rejects(read(secret('db-password')), {
    code: 'AKV_FIREWALL',
    message: /the firewall of vault team-a refused the request, which came from 203\.0\.113\.7 \(/,
  })
  emulator.addFault({
    count: 1,
    action: { kind: 'forbidden', innerCode: 'ForbiddenByConnection' },
  })
  await t.rejects(read(secret('db-password')), {
    code: 'AKV_PUBLIC_ACCESS_DISABLED',
    message: /private endpoint; the vault's name resolves to 127\.0\.0\.1 here \(/,
  })
  emulator.addFault({ count: 1, action: { kind: 'status', status: 503 } })
  await fails(secret('db-password'), 'AKV_VAULT_UNAVAILABLE')
  emulator.addFault({ count: 1, action: { kind: 'reset' } })
  await fails(secret('db-password'), 'AKV_NETWORK')
  emulator.addFault({ count: 1, action: { kind: 'malformed' } })
  await fails(secret('db-password'), 'AKV_BAD_ANSWER')
  emulator.addFault({ count: 1, action: { kind: 'throttle', retryAfterSeconds: 7 } })
  await t.rejects(read(secret('db-password')), { code: 'AKV_THROTTLED', retryAfterMs: 7000 })
  t.equal(
    await secretValue(read(secret('db-password'))),
    'correct horse',
    'and then it works again',
  )
})

t.test('one try is one request: the SDK repeats nothing of its own', async (t) => {
  const { emulator, read } = await readerAt(t)
  await read(secret('db-password'))
  for (const status of [401, 408, 429, 500, 503]) {
    const before = emulator.requests.length
    emulator.addFault({ count: 1, action: { kind: 'status', status } })
    await t.rejects(read(secret('db-password')), AkvError)
    t.equal(emulator.requests.length - before, 1, String(status))
  }
})

t.test('a redirect is not followed, and no token reaches its target', async (t) => {
  const target = await startHttpsServer(t, (_request, response) => response.end('{}'))
  for (const status of [301, 302, 303, 307, 308]) {
    const host = await startHttpsServer(t, (_request, response) => {
      response.writeHead(status, { location: `${target.url}/secrets/a` }).end()
    })
    const { read } = createObjectReader({
      vaultUrl: `${host.url}/{vault}`,
      agent: connectTo(t, host.caPem + target.caPem),
      token: async () => 'the-token',
      principal: `client ${clientId}`,
    })
    await t.rejects(read(secret('a')), { code: 'AKV_REDIRECTED' }, String(status))
    t.equal(host.requests.length, 1, 'not even to the same host again')
  }
  t.equal(target.requests.length, 0)
})

t.test(
  'no challenge of a vault makes the client ask for another token or another host',
  async (t) => {
    const elsewhere = await startHttpsServer(t, (_request, response) => response.end('{}'))
    const challenges = [
      `Bearer authorization="${elsewhere.url}/evil-tenant", resource="https://graph.microsoft.com"`,
      `Bearer authorization="${elsewhere.url}/evil-tenant", scope="https://evil.example/.default"`,
      'Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="',
      'PoP nonce="1"',
      'x'.repeat(5000),
    ]
    for (const challenge of challenges) {
      let asked = 0
      const host = await startHttpsServer(t, (_request, response) => {
        response.writeHead(401, { 'www-authenticate': challenge }).end()
      })
      const { read } = createObjectReader({
        vaultUrl: `${host.url}/{vault}`,
        agent: connectTo(t, host.caPem + elsewhere.caPem),
        token: async () => `token-${++asked}`,
        principal: `client ${clientId}`,
      })
      await t.rejects(read(secret('a')), { code: 'AKV_UNAUTHORIZED' })
      t.equal(host.requests.length, 1)
      t.equal(asked, 1)
    }
    t.equal(elsewhere.requests.length, 0)
  },
)

t.test('an answer that holds no text as value is refused, and never quoted', async (t) => {
  const answers = [
    '',
    'hunter2',
    'null',
    '[]',
    '{}',
    '{"value":"hunter2"}',
    '{"value":"hunter2","id":7}',
    '{"id":"https://v/secrets/a/1"}',
    '{"value":7,"id":"https://v/secrets/a/1"}',
    '{"value":null,"id":"https://v/secrets/a/1"}',
    '{"value":["hunter2"],"id":"https://v/secrets/a/1"}',
    '{"value":"\\ud800hunter2","id":"https://v/secrets/a/1"}',
    '{"value":"hunter2","id":"https://v/secrets/a/1","attributes":"x',
  ]
  for (const answer of answers) {
    const host = await startHttpsServer(t, (_request, response) => {
      response.setHeader('content-type', 'application/json').end(answer)
    })
    const agent = connectTo(t, host.caPem)
    const { read } = createObjectReader({
      vaultUrl: `${host.url}/{vault}`,
      agent,
      token: async () => 'the-token',
      principal: `client ${clientId}`,
    })
    const error = await read(secret('a')).catch((error: AkvError) => error)
    t.match(error, { code: 'AKV_BAD_ANSWER' }, answer)
    t.notMatch(error instanceof AkvError && error.message, /hunter2|the-token/)
  }
})

t.test('a version in the answer is believed only if it is one', async (t) => {
  const host = await startHttpsServer(t, (_request, response) => {
    response
      .setHeader('content-type', 'application/json')
      .end('{"value":"v","id":"https://evil.example/secrets/a/<script>"}')
  })
  const { read } = createObjectReader({
    vaultUrl: `${host.url}/{vault}`,
    agent: connectTo(t, host.caPem),
    token: async () => 'the-token',
    principal: `client ${clientId}`,
  })
  const found = await read(secret('a'))
  t.match(found, { value: 'v' })
  t.notOk('version' in found)
})

t.test('another version than the one asked for is a wrong answer', async (t) => {
  const host = await startHttpsServer(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        value: 'v',
        id: `https://team-a.vault.azure.net/secrets/a/${'3'.repeat(32)}`,
        attributes: { enabled: true },
      }),
    )
  })
  const reader = createObjectReader({
    vaultUrl: `${host.url}/{vault}`,
    agent: connectTo(t, host.caPem),
    token: async () => 'token',
    principal: 'client',
  })
  await t.rejects(reader.read(secret('a', '2'.repeat(32))), {
    code: 'AKV_BAD_ANSWER',
    message: /answered with another version/,
  })
  t.match(await reader.read(secret('a', '3'.repeat(32))), { value: 'v' })
})

t.test('an aborted read ends at once, as an abort', async (t) => {
  const stop = new AbortController()
  const host = await startHttpsServer(t, () => stop.abort())
  const { read } = createObjectReader({
    vaultUrl: `${host.url}/{vault}`,
    agent: connectTo(t, host.caPem),
    token: async () => 'the-token',
    principal: `client ${clientId}`,
  })
  await t.rejects(read(secret('a'), stop.signal), { name: 'AbortError' })
})
