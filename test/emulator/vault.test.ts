import { decodeJwt } from 'jose'
import t from 'tap'
import { createSigner } from '../../emulator/entra/signer.ts'
import { tenantId } from '../support/servers/start-test-emulator.ts'
import { adminId, ask, askToken, authorization, oldVersion, start, strangerId } from './fixture.ts'

const emulator = await start(t)
const reader = await authorization(emulator)
const writer = await authorization(emulator, adminId)
const get = (path: string, headers: Record<string, string> = reader) =>
  ask(emulator, path, { headers })

const version = 'api-version=7.6'
const challenge = `Bearer authorization="${emulator.url}/${tenantId}", resource="https://vault.azure.net"`

t.test('a request without a token gets a challenge that says where to get one', async (t) => {
  for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer ' }]) {
    const answer = await get(`/team-a/secrets/db-password?${version}`, headers)
    t.match(answer, {
      status: 401,
      headers: { 'www-authenticate': challenge, 'content-type': 'application/json; charset=utf-8' },
    })
    t.strictSame(answer.json, {
      error: {
        code: 'Unauthorized',
        message: 'AKV10000: Request is missing a Bearer or PoP token.',
      },
    })
  }
})

t.test('an invalid token is refused, and the challenge says why', async (t) => {
  const stray = await createSigner()
  const claims = decodeJwt(reader.authorization.slice('Bearer '.length))
  const stale = await start(t, { tokenLifetimeSeconds: -1, signers: undefined })
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const cases: [string, RegExp, Record<string, string>][] = [
    [
      'for another audience',
      /^AKV10022: Invalid audience. Expected https:\/\/vault.azure.net, found: https:\/\/graph/,
      await authorization(emulator, undefined, 'https://graph.microsoft.com/.default'),
    ],
    ['signed by somebody', /^AKV10046/, bearer(await stray.sign(claims))],
    ['of another emulator', /^AKV10046/, await authorization(stale)],
    ['no token', /^AKV10046/, bearer('x.y.z')],
    [
      'a service account’s',
      /^AKV10046/,
      bearer(await emulator.serviceAccountToken({ namespace: 'default', serviceAccount: 'web' })),
    ],
  ]
  for (const [name, message, headers] of cases) {
    const answer = await get(`/team-a/secrets/db-password?${version}`, headers)
    t.match(answer, { status: 401, json: { error: { code: 'Unauthorized', message } } }, name)
    const header = answer.headers['www-authenticate'] ?? ''
    t.ok(header.startsWith(`${challenge}, error="invalid_token", error_description="`), name)
  }
  const expired = await ask(stale, `/team-a/secrets/db-password?${version}`, {
    headers: await authorization(stale),
  })
  t.match(expired, { status: 401, json: { error: { message: /^\[TokenExpired\]/ } } })
})

t.test('the answer for a secret equals the service’s, to the letter', async (t) => {
  const answer = await get(`/team-a/secrets/api-key?${version}`)
  t.match(answer.headers, {
    'cache-control': 'no-cache',
    'x-ms-request-id': /^[0-9a-f-]{36}$/,
    'x-ms-keyvault-region': 'westeurope',
  })
  const { id, ...rest } = Object(answer.json)
  t.match(id, /^https:\/\/team-a\.vault\.azure\.net\/secrets\/API-key\/[0-9a-f]{32}$/)
  t.strictSame(rest, {
    value: 'k1',
    contentType: 'text/plain',
    attributes: {
      enabled: true,
      nbf: 1_769_990_400,
      exp: 1_798_761_600,
      created: 1_767_323_045,
      updated: 1_767_323_045,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
    },
    tags: { team: 'a' },
  })
})

t.test(
  'a trailing slash, an escaped hyphen, any case and every stable API version are accepted',
  async (t) => {
    for (const path of [
      '/team-a/secrets/db-password/?api%2Dversion=2025-07-01',
      '/TEAM-A/SECRETS/DB-Password?api-version=2026-04-01',
      `/team-a/secrets/old/${oldVersion}/?api-version=7.5`,
      `/team-a/secrets/old/${oldVersion.toUpperCase()}?api-version=7.6`,
    ])
      t.equal((await get(path)).status, 200, path)
  },
)

t.test('a vault can be named in the host instead of the path', async (t) => {
  const host = (name: string) => ({ ...reader, host: name })
  const path = `/secrets/db-password?${version}`
  for (const name of ['team-a.vault.azure.net', 'Team-A.vault.example:8443'])
    t.match(await get(path, host(name)), { status: 200, json: { value: 'correct horse' } }, name)
  t.equal((await get(path, host('open.vault.example'))).status, 404)
  t.equal((await get(path, host('nowhere.vault.example'))).status, 404)
  t.equal((await get(path, host('localhost'))).status, 404)
  const list = await get(`/secrets?${version}&maxresults=1`, host('team-a.vault.example'))
  t.match(list.json, {
    nextLink: /^https:\/\/team-a\.vault\.example\/secrets\?api-version=7\.6&\$skiptoken=/,
  })
})

t.test('refusals carry the service’s error codes and inner codes', async (t) => {
  const stranger = await authorization(emulator, strangerId)
  const cases: [string, number, string, string | undefined, RegExp, Record<string, string>?][] = [
    ['/team-a/secrets/a', 400, 'BadParameter', undefined, /^api-version must be specified/],
    ['/team-a/secrets/a?api-version=1.0', 400, 'BadParameter', undefined, /version \(1.0\) is not/],
    [`/team-a/secrets/a_b?${version}`, 400, 'BadParameter', undefined, /invalid name: a_b$/],
    [`/team-a/secrets/%E2%82%AC?${version}`, 400, 'BadParameter', undefined, /invalid name: €$/],
    [`/team-a/secrets/none?${version}`, 404, 'SecretNotFound', undefined, /\(name\/id\) none was/],
    [`/team-a/secrets/gone?${version}`, 404, 'SecretNotFound', undefined, /\(name\/id\) gone was/],
    [`/team-a/secrets/old/ff?${version}`, 404, 'SecretNotFound', undefined, /\(name\/id\) old\/ff/],
    [`/team-a/secrets/none/versions?${version}`, 404, 'SecretNotFound', undefined, /none was not/],
    [`/team-a/deletedsecrets/old?${version}`, 404, 'SecretNotFound', undefined, /^Deleted Secret/],
    [`/team-a/secrets/old?${version}`, 403, 'Forbidden', 'SecretDisabled', /disabled secret.$/],
    [`/nowhere/secrets/a?${version}`, 404, 'VaultNotFound', undefined, /no vault named nowhere/],
    [
      `/team-a/x/a?${version}`,
      404,
      'NotFound',
      undefined,
      /does not support GET \/team-a\/x\/a\.$/,
    ],
    [
      `/team-a/secrets/none?${version}`,
      403,
      'Forbidden',
      'ForbiddenByRbac',
      /Action: 'Microsoft.KeyVault\/vaults\/secrets\/getSecret\/action'/,
      stranger,
    ],
    [
      `/team-a/secrets?${version}`,
      403,
      'Forbidden',
      'ForbiddenByRbac',
      /secrets\/readMetadata\/action'/,
      stranger,
    ],
  ]
  for (const [path, status, code, innerCode, message, headers] of cases) {
    const answer = await get(path, headers)
    t.match(answer, { status, json: { error: { code, message } } }, path)
    const inner = innerCode === undefined ? undefined : { code: innerCode }
    t.strictSame(Object(answer.json).error.innererror, inner, path)
  }
})

t.test('only the link in a page leads to the next page', async (t) => {
  const first = await get(`/team-a/secrets?${version}&maxresults=2`)
  const { value, nextLink } = Object(first.json)
  t.match(value, [{ id: /secrets\/API-key$/ }, { id: /secrets\/db-password$/ }])
  t.equal(new URL(nextLink).origin, emulator.url)
  emulator.create({ vault: 'team-a', name: 'aaa', value: 'added meanwhile' })
  const second = await get(nextLink.slice(emulator.url.length))
  t.match(second.json, { value: [{ id: /old$/ }, { id: /random$/ }], nextLink: null })
  for (const size of ['0', '26', '-1', '1.5', 'x', ''])
    t.match(
      await get(`/team-a/secrets?${version}&maxresults=${size}`),
      { status: 400, json: { error: { code: 'BadParameter', message: /between 1 and 25/ } } },
      size,
    )
  const odd = await get(`/team-a/secrets?${version}&$skiptoken=${'%00'.repeat(50)}&$skiptoken=b`)
  t.equal(odd.status, 200)
})

t.test('lists don’t contain values', async (t) => {
  for (const path of ['secrets', 'secrets/old/versions', 'deletedsecrets'])
    t.notMatch((await get(`/team-a/${path}?${version}`)).text, /"value":"/, path)
})

t.test('an unreadable body is refused and changes nothing', async (t) => {
  const put = (body: string) =>
    ask(emulator, `/team-a/secrets/put?${version}`, {
      method: 'PUT',
      headers: { ...writer, 'content-type': 'application/json' },
      body,
    })
  for (const body of ['', '{', 'null', '[]', '{}', '{"value":null}', '{"value":1}'])
    t.match(await put(body), { status: 400, json: { error: { code: 'BadParameter' } } }, body)
  t.equal((await put(JSON.stringify({ value: 'x'.repeat(300_000) }))).status, 413)
  t.equal((await get(`/team-a/secrets/put?${version}`)).status, 404)
  const odd = { value: 'v', tags: { a: 1 }, attributes: { exp: 1e300, nbf: 'x', enabled: 'no' } }
  t.match((await put(JSON.stringify(odd))).json, {
    attributes: { enabled: true },
    tags: { a: '1' },
  })
})

t.test('the audience can be configured, as in a private cloud', async (t) => {
  const audience = 'https://vault.private.example'
  const own = await start(t, { audience })
  t.match((await askToken(own)).json, { error_codes: [500011] })
  const headers = await authorization(own, undefined, `${audience}/.default`)
  const path = `/team-a/secrets/db-password?${version}`
  t.equal((await ask(own, path, { headers })).status, 200)
  t.match((await ask(own, path)).headers['www-authenticate'], `resource="${audience}"`)
})
