import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect } from 'node:tls'
import fc from 'fast-check'
import t from 'tap'
import { logRequests } from '../../emulator/http/request-log.ts'
import { createTlsApp } from '../../emulator/http/tls-app.ts'
import { anyCharacter } from '../support/any-character.ts'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { tenantId } from '../support/servers/start-test-emulator.ts'
import { adminId, ask, authorization, start } from './fixture.ts'

const emulator = await start(t)

t.test(
  'clients that trust its authority connect by name and by address, with TLS 1.2 or later',
  async (t) => {
    const port = Number(new URL(emulator.url).port)
    const shake = async (more: object) => {
      const socket = connect({ host: '127.0.0.1', port, ca: emulator.caPem, ...more })
      t.teardown(() => socket.destroy())
      await once(socket, 'secureConnect')
      return socket.getProtocol()
    }
    t.equal(await shake({ servername: 'localhost' }), 'TLSv1.3')
    t.equal(await shake({ servername: 'localhost', maxVersion: 'TLSv1.2' }), 'TLSv1.2')
    t.equal(await shake({}), 'TLSv1.3')
    await t.rejects(shake({ servername: 'other.example' }), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    })
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }
    await t.rejects(shake(old), { code: /PROTOCOL_VERSION/ })
  },
)

t.test('the emulator can serve a given certificate or further names', async (t) => {
  const authority = await issueTestAuthority()
  const leaf = await authority.issue()
  const given = await start(t, { certificate: { ...leaf, caPem: authority.certificatePem } })
  t.equal((await ask(given, '/issuer/openid/v1/jwks')).status, 200)

  const named = await start(t, { dnsNames: ['emulator.test.svc', 'localhost'] })
  t.match(named.url, /^https:\/\/emulator\.test\.svc:\d+$/)
})

t.test('an emulator on another address has a URL and a certificate for that address', async (t) => {
  const own = await start(t, { listen: { host: '127.0.0.2', port: 0 } })
  t.match(own.url, /^https:\/\/127\.0\.0\.2:\d+$/)
  t.equal((await ask(own, '/issuer/openid/v1/jwks')).status, 200)
})

t.test('several emulators in one process have different ports, authorities and keys', async (t) => {
  const many = await Promise.all(
    Array.from({ length: 5 }, () => start(t, { certificate: undefined, signers: undefined })),
  )
  t.equal(new Set(many.flatMap(({ url, controlUrl, caPem }) => [url, controlUrl, caPem])).size, 15)
  await Promise.all(many.map((emulator) => emulator.close()))
})

t.test('the emulator closes at once, even with open connections and requests', async (t) => {
  const own = await start(t)
  const headers = await authorization(own)
  own.addFault({ action: { kind: 'delay', delayMs: 600_000 } })
  const waiting = ask(own, '/team-a/secrets/db-password?api-version=7.6', { headers })
  const idle = connect({
    port: Number(new URL(own.url).port),
    ca: own.caPem,
    servername: 'localhost',
  })
  idle.on('error', () => undefined).resume()
  const silent = connectPlain(Number(new URL(own.url).port), '127.0.0.1')
  silent.on('error', () => undefined).resume()
  await Promise.all([once(idle, 'secureConnect'), once(silent, 'connect')])
  while (own.requests.length < 2) await new Promise(setImmediate)
  const ended = waiting.then(
    ({ status }) => status,
    () => 'cut',
  )
  await Promise.all([own.close(), once(idle, 'close'), once(silent, 'close')])
  t.match(await ended, /^(cut|500)$/)
  await t.rejects(ask(own, '/'), { code: 'ECONNREFUSED' })
})

t.test('if the control port is taken, nothing keeps running', async (t) => {
  const controlPort = Number(new URL(emulator.controlUrl).port)
  await t.rejects(start(t, { controlPort }), { code: 'EADDRINUSE' })
})

t.test('the request log is bounded and keeps the newest requests', async (t) => {
  const app = createTlsApp(await issueTestAuthority())
  t.teardown(() => app.close())
  const log = logRequests(app, () => new Date(7), 3)
  for (let index = 0; index < 5; index += 1)
    await app.inject({ url: `/${index}?secret=1`, headers: { authorization: 'Bearer x' } })
  const seen = { method: 'GET', host: 'localhost:80', status: 404, hadAuthorization: true, atMs: 7 }
  t.strictSame(
    log,
    [2, 3, 4].map((index) => ({ ...seen, path: `/${index}` })),
  )
})

t.test('every path, header and body gets an answer that reveals nothing internal', async (t) => {
  const bearer = await authorization(emulator, adminId)
  const segment = fc.oneof(
    fc.constantFrom('team-a', 'secrets', 'deletedsecrets', 'versions', 'old', '%', '%zz', '..'),
    fc.string({ maxLength: 200 }).map(encodeURIComponent),
    fc.stringMatching(/^[!-~]{0,50}$/).map((text) => text.replaceAll(/[?#]/g, '')),
  )
  const query = fc.array(fc.stringMatching(/^[a-z$%0-9=-]{0,30}$/), { maxLength: 4 })
  const asked = fc.record({
    prefix: fc.constantFrom(
      '',
      '/team-a/secrets',
      '/team-a/deletedsecrets',
      `/${tenantId}/oauth2/v2.0`,
    ),
    segments: fc.array(segment, { maxLength: 3 }),
    query,
    method: fc.constantFrom('GET', 'PUT', 'PATCH', 'POST', 'DELETE', 'HEAD', 'OPTIONS'),
    type: fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'x', 'text/;;'),
    host: fc.constantFrom('localhost', 'team-a.vault.example', '..', '[::1]:1', 'a b', '@'),
    authorization: fc.constantFrom(bearer.authorization, 'Bearer a.b.c', 'Bearer  ', 'x'),
    body: fc.oneof(fc.json(), fc.string({ unit: anyCharacter, maxLength: 300 })),
  })
  await fc.assert(
    fc.asyncProperty(
      asked,
      async ({ prefix, segments, query, method, type, host, authorization, body }) => {
        const path = `${prefix}/${segments.join('/')}?api-version=7.6&${query.join('&')}`
        const headers = { 'content-type': type, host, authorization }
        const answer = await ask(emulator, path, { method, headers, body })
        t.ok((answer.status ?? 500) < 500, `${method} ${path}: ${answer.status}`)
        t.notMatch(answer.text, /emulator\/|node:internal|FST_ERR/)
      },
    ),
    { numRuns: 100 },
  )
})

t.test('bytes that aren’t valid TLS or HTTP do no harm', async (t) => {
  const port = Number(new URL(emulator.url).port)
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    '\u0000'.repeat(100),
    '\u0016\u0003\u0001\u00ff\u00ff',
  ]) {
    const plain = connectPlain(port, '127.0.0.1')
    plain.on('error', () => undefined).resume()
    plain.end(bytes)
    await once(plain, 'close')
    const secure = connect({ port, ca: emulator.caPem, servername: 'localhost' })
    secure.on('error', () => undefined)
    await once(secure, 'secureConnect')
    secure.resume().end(`${bytes}GET`)
    await once(secure, 'close')
  }
  t.equal((await ask(emulator, '/issuer/openid/v1/jwks')).status, 200)
})
