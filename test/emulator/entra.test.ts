import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ClientAssertionCredential } from '@azure/identity'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import t from 'tap'
import { createSigner } from '../../emulator/entra/signer.ts'
import { tenantId } from '../support/servers/start-test-emulator.ts'
import { adminId, ask, askToken, bareId, start, type TokenRequest, webId } from './fixture.ts'

const emulator = await start(t)

const web = { namespace: 'default', serviceAccount: 'web' }
const claims = decodeJwt(await emulator.serviceAccountToken(web))

t.test('a token is a signed JWT with subject, issuer and audience', async (t) => {
  const { status, json, headers } = await askToken(emulator)
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'no-store, no-cache')
  t.match(json, { token_type: 'Bearer', expires_in: 86_399, ext_expires_in: 86_399 })
  const token = Object(json).access_token
  const found = decodeJwt(token)
  t.match(found, {
    aud: 'https://vault.azure.net',
    iss: `https://sts.windows.net/${tenantId}/`,
    appid: webId,
    tid: tenantId,
    oid: /^[0-9a-f-]{36}$/,
  })
  t.equal((found.exp ?? 0) - (found.iat ?? 0), 86_399)
  const keys = await ask(emulator, `/${tenantId}/discovery/v2.0/keys`)
  t.match(keys.json, { keys: [{ kid: decodeProtectedHeader(token).kid, kty: 'RSA' }] })
})

t.test('a service account token has the claims of the API server’s', async (t) => {
  t.match(claims, {
    aud: ['api://AzureADTokenExchange'],
    iss: emulator.issuer,
    sub: 'system:serviceaccount:default:web',
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'web', uid: String } },
  })
  t.equal((claims.exp ?? 0) - (claims.iat ?? 0), 3600)
})

t.test('each mistake in a token request gets its own error', async (t) => {
  const stray = await createSigner()
  const token = (more: object) => emulator.serviceAccountToken({ ...web, ...more })
  const cases: [number, number, string, TokenRequest][] = [
    [900144, 400, 'invalid_request', { form: { grant_type: undefined } }],
    [900144, 400, 'invalid_request', { form: { client_id: undefined } }],
    [900144, 400, 'invalid_request', { form: { scope: '' } }],
    [70003, 400, 'unsupported_grant_type', { form: { grant_type: 'password' } }],
    [900023, 400, 'invalid_request', { tenant: 'a_b' }],
    [90002, 400, 'invalid_request', { tenant: bareId }],
    [90002, 400, 'invalid_request', { tenant: 'contoso.example' }],
    [700016, 400, 'unauthorized_client', { form: { client_id: tenantId } }],
    [700016, 400, 'unauthorized_client', { form: { client_id: '__proto__' } }],
    [1002012, 400, 'invalid_scope', { form: { scope: 'https://vault.azure.net' } }],
    [1002012, 400, 'invalid_scope', { form: { scope: 'https://a/.default https://b/.default' } }],
    [500011, 400, 'invalid_resource', { form: { scope: 'https://evil.example/.default' } }],
    [7000216, 401, 'invalid_client', { form: { client_assertion: undefined } }],
    [7000216, 401, 'invalid_client', { form: { client_assertion_type: 'saml' } }],
    [7000215, 401, 'invalid_client', { form: { client_assertion: undefined, client_secret: 'x' } }],
    [50027, 400, 'invalid_request', { assertion: 'not.a.token' }],
    [70025, 401, 'invalid_client', { form: { client_id: bareId } }],
    [
      700211,
      401,
      'invalid_client',
      { assertion: await stray.sign({ ...claims, iss: 'https://x/' }) },
    ],
    [700212, 401, 'invalid_client', { assertion: await token({ audience: 'https://other' }) }],
    [700213, 401, 'invalid_client', { assertion: await token({ serviceAccount: 'other' }) }],
    [7002138, 401, 'invalid_client', { assertion: await token({ serviceAccount: 'Web' }) }],
    [5002730, 401, 'invalid_client', { assertion: await hmac() }],
    [5002730, 401, 'invalid_client', { assertion: unsigned() }],
    [7000272, 401, 'invalid_client', { assertion: await stray.sign(claims) }],
    [700027, 401, 'invalid_client', { assertion: await tampered() }],
    [700024, 401, 'invalid_client', { assertion: await token({ expiresInSeconds: -600 }) }],
  ]
  for (const [code, status, error, request] of cases) {
    const answer = await askToken(emulator, request)
    const found = Object(answer.json)
    t.equal(answer.status, status, `AADSTS${code} ${JSON.stringify(request)}`)
    t.match(found, {
      error,
      error_codes: [code],
      error_uri: `https://login.microsoftonline.com/error?code=${code}`,
      timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
    })
    t.equal(
      found.error_description.slice(found.error_description.indexOf(' Trace ID:')),
      ` Trace ID: ${found.trace_id} Correlation ID: ${found.correlation_id} Timestamp: ${found.timestamp}`,
    )
    t.match(found.error_description, new RegExp(`^AADSTS${code}: `))
    const assertion = request.assertion ?? 'none'
    t.notOk(answer.text.includes(assertion), 'the assertion itself is never repeated')
  }
})

const unsigned = () =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`

/** The public key's own text as an HMAC secret: the classic confusion of algorithms. */
async function hmac() {
  const { text } = await ask(emulator, '/issuer/openid/v1/jwks')
  return await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(text))
}

async function tampered() {
  const [header, , signature] = (await emulator.serviceAccountToken(web)).split('.')
  const more = { ...claims, exp: (claims.exp ?? 0) + 1 }
  return `${header}.${Buffer.from(JSON.stringify(more)).toString('base64url')}.${signature}`
}

t.test('tokens are issued and verified with the emulator’s clock', async (t) => {
  const own = await start(t, {
    now: () => new Date('2020-01-01T00:00:00Z'),
    tokenLifetimeSeconds: 60,
  })
  const { json } = await askToken(own)
  t.match(json, { expires_in: 60 })
  const { iat, exp } = decodeJwt(Object(json).access_token)
  t.strictSame([iat, exp], [1_577_836_800, 1_577_836_860])
})

t.test('an assertion without an expiry gets no token', async (t) => {
  const issuer = await externalIssuer(t)
  const own = await start(t, { issuer: issuer.url })
  const { exp: _, nbf: __, ...endless } = claims
  const assertion = await issuer.sign({ ...endless, iss: issuer.url })
  t.match((await askToken(own, { assertion })).json, { error_codes: [700024] })
})

t.test('assertions of another issuer are verified with its published keys', async (t) => {
  const issuer = await externalIssuer(t)
  const own = await start(t, { issuer: issuer.url })
  t.equal(own.issuer, issuer.url)
  const good = { ...claims, iss: issuer.url }
  t.equal((await askToken(own, { assertion: await issuer.sign(good) })).status, 200)
  const early = { ...good, nbf: (claims.exp ?? 0) + 3600, exp: (claims.exp ?? 0) + 7200 }
  t.match((await askToken(own, { assertion: await issuer.sign(early) })).json, {
    error_codes: [700024],
  })
  const forged = await (await createSigner()).sign(good)
  t.match((await askToken(own, { assertion: forged })).json, { error_codes: [7000272] })
  t.match((await askToken(own)).json, { error_codes: [700211] }, 'the built-in issuer is another')
})

t.test('an unreadable issuer is reported, and is asked again next time', async (t) => {
  const issuer = await externalIssuer(t)
  const own = await start(t, { issuer: issuer.url })
  const assertion = await issuer.sign({ ...claims, iss: issuer.url })
  for (const broken of [
    '{',
    '{}',
    '{"issuer":"https://evil.example","jwks_uri":"https://evil.example"}',
  ]) {
    issuer.discovery = broken
    t.match((await askToken(own, { assertion })).json, { error_codes: [50166] }, broken)
  }
  issuer.discovery = undefined
  issuer.keys = 'not JSON'
  t.match((await askToken(own, { assertion })).json, { error_codes: [50166] })
  issuer.keys = undefined
  t.equal((await askToken(own, { assertion })).status, 200)
})

t.test('only the issuers in the vault file are asked for keys', async (t) => {
  const issuer = await externalIssuer(t)
  const assertion = await issuer.sign({ ...claims, iss: issuer.url })
  t.match((await askToken(emulator, { assertion })).json, { error_codes: [700211] })
  t.equal(issuer.asked, 0)
})

t.test('the SDK reports a refusal with its code', async (t) => {
  const credential = new ClientAssertionCredential(
    tenantId,
    adminId,
    () => emulator.serviceAccountToken({ namespace: 'other', serviceAccount: 'web' }),
    {
      authorityHost: emulator.url,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: emulator.caPem },
    },
  )
  await t.rejects(credential.getToken('https://vault.azure.net/.default'), {
    name: 'AuthenticationRequiredError',
    message: /AADSTS700213: .*'system:serviceaccount:other:web'/,
  })
})

t.test('the discovery documents, MSAL’s included, name this emulator', async (t) => {
  const { json } = await ask(emulator, `/${tenantId}/v2.0/.well-known/openid-configuration`)
  t.match(json, {
    issuer: `${emulator.url}/${tenantId}/v2.0`,
    token_endpoint: `${emulator.url}/${tenantId}/oauth2/v2.0/token`,
    jwks_uri: `${emulator.url}/${tenantId}/discovery/v2.0/keys`,
  })
  const unknown = await ask(emulator, `/${bareId}/v2.0/.well-known/openid-configuration`)
  t.match(unknown, { status: 400, json: { error_codes: [90002] } })
  const instance = await ask(emulator, '/common/discovery/instance?api-version=1.1')
  t.match(instance.json, { metadata: [{ aliases: [new URL(emulator.url).host] }] })
  const issuer = await ask(emulator, '/issuer/.well-known/openid-configuration')
  t.match(issuer.json, { issuer: emulator.issuer, jwks_uri: `${emulator.issuer}/openid/v1/jwks` })
})

t.test('a valid correlation id of the caller is returned', async (t) => {
  const path = `/${bareId}/oauth2/v2.0/token`
  const id = '99999999-9999-4999-8999-999999999999'
  const own = await ask(emulator, path, { method: 'POST', headers: { 'client-request-id': id } })
  t.match(own.json, { correlation_id: id })
  const bad = await ask(emulator, path, { method: 'POST', headers: { 'client-request-id': '<b>' } })
  t.match(bad.json, { correlation_id: /^[0-9a-f-]{36}$/ })
})

/** An issuer of its own, like a cluster's, whose documents can be broken. */
async function externalIssuer(t: Tap) {
  const signer = await createSigner()
  const server = createServer((request, response) => {
    issuer.asked += 1
    const discovery = { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
    response.end(
      request.url === '/keys'
        ? (issuer.keys ?? JSON.stringify(signer.jwks))
        : (issuer.discovery ?? JSON.stringify(discovery)),
    )
  })
  const issuer: {
    url: string
    asked: number
    sign: typeof signer.sign
    discovery?: string | undefined
    keys?: string | undefined
  } = { url: '', asked: 0, sign: signer.sign }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => server.close().closeAllConnections())
  return issuer
}

type Tap = Pick<typeof t, 'teardown'>
