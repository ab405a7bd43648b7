import { createPublicKey, X509Certificate } from 'node:crypto'
import type { RequestListener } from 'node:http'
import t, { type Test } from 'tap'
import { createObjectReader } from '../../keyvault/readers/object-reader.ts'
import type { ObjectReference } from '../../keyvault/reference.ts'
import { startHttpsServer } from '../support/servers/start-https-server.ts'
import { clientId } from '../support/servers/start-test-emulator.ts'
import { connectTo, signInAt, startVault } from './emulated-vault.ts'

const version = '0123456789abcdef0123456789abcdef'
const object = (type: ObjectReference['type'], name: string, of?: string): ObjectReference => ({
  vault: 'team-a',
  type,
  name,
  ...(of === undefined ? {} : { version: of }),
})

async function readerAt(t: Test) {
  const emulator = await startVault(t)
  const { token } = await signInAt(t, emulator)
  const agent = connectTo(t, emulator.caPem)
  return {
    emulator,
    ...createObjectReader({ vaultUrl: emulator.vaultUrl, agent, token, principal: clientId }),
  }
}

/** A vault that answers whatever the test wants. */
async function hostileVault(t: Test, answer: RequestListener) {
  const host = await startHttpsServer(t, answer)
  const reader = createObjectReader({
    vaultUrl: `${host.url}/{vault}`,
    agent: connectTo(t, host.caPem),
    token: async () => 'the-token',
    principal: 'client c',
  })
  return { ...host, ...reader }
}

t.test('the three sides of a certificate are of one version and belong together', async (t) => {
  const { read } = await readerAt(t)
  const [certificate, key, secret] = await Promise.all([
    read(object('cert', 'web')),
    read(object('key', 'web')),
    read(object('tls', 'Web')),
  ])
  if (certificate.kind !== 'certificate' || key.kind !== 'key' || secret.kind !== 'secret')
    throw new Error(`${certificate.kind}, ${key.kind}, ${secret.kind}`)
  t.match(certificate.version, /^[0-9a-f]{32}$/)
  t.equal(key.version, certificate.version)
  t.equal(secret.version, certificate.version)
  t.ok(key.isCertificate && secret.isCertificate)
  t.equal(secret.contentType, 'application/x-pkcs12')
  const { x, y } = createPublicKey(
    new X509Certificate(certificate.der).publicKey.export({ format: 'pem', type: 'spki' }),
  ).export({ format: 'jwk' })
  const text = (number: Uint8Array | string | undefined) =>
    Buffer.from(number ?? '').toString('base64url')
  t.match(key.jwk, { kty: 'EC', crv: 'P-256' })
  t.strictSame([text(key.jwk.x), text(key.jwk.y)], [x, y])
})

t.test('versions are read by name, and all of them are listed, page after page', async (t) => {
  const { emulator, read, listVersions } = await readerAt(t)
  t.match(await read(object('cert', 'pinned-cert', version)), { kind: 'certificate', version })
  t.match(await read(object('key', 'pinned-cert', version)), { kind: 'key', version })
  for (let i = 0; i < 60; i++)
    emulator.rotate({ vault: 'team-a', name: 'db-password', value: `${i}` })
  const listed = await listVersions(object('secret', 'db-password'))
  t.equal(new Set(listed.map((listedVersion) => listedVersion.version)).size, 61)
  t.equal(emulator.requests.filter(({ path }) => path.includes('/db-password/versions')).length, 3)
  for (const type of ['cert', 'key', 'pfx'] as const) {
    const [first, second] = await listVersions(object(type, 'pinned-cert'))
    t.match(
      [first, second].filter((it) => it?.version === version),
      [{ isEnabled: true }],
      type,
    )
    t.match(
      [first, second].filter((it) => it?.version !== version),
      [{ isEnabled: false }],
      type,
    )
    t.ok((first?.createdAtMs ?? 0) > 0)
  }
})

t.test('disabled, deleted and absent objects have different errors, for every type', async (t) => {
  const { read, listVersions } = await readerAt(t)
  for (const type of ['cert', 'key', 'tls'] as const) {
    await t.rejects(read(object(type, 'pinned-cert')), { code: 'AKV_OBJECT_DISABLED' }, type)
    await t.rejects(read(object(type, 'absent')), { code: 'AKV_OBJECT_NOT_FOUND' }, type)
    await t.rejects(listVersions(object(type, 'absent')), { code: 'AKV_OBJECT_NOT_FOUND' }, type)
    const elsewhere = { ...object(type, 'foreign'), vault: 'team-b' }
    await t.rejects(read(elsewhere), { code: 'AKV_FORBIDDEN' }, type)
  }
})

t.test('a list can’t lead the token elsewhere, and has an end', async (t) => {
  const elsewhere = await startHttpsServer(t, (_request, response) => response.end('{}'))
  for (const type of ['secret', 'key', 'cert'] as const) {
    for (const nextLink of [
      `${elsewhere.url}/team-a/secrets`,
      'https://team-a.vault.azure.net.evil.example/',
      'https://HOST/team-b/secrets/a/versions',
      'https://HOST/team-a/../team-b/secrets/a/versions',
    ]) {
      const { requests, listVersions } = await hostileVault(t, (request, response) => {
        const link = nextLink.replace('HOST', request.headers.host ?? '')
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ value: [], nextLink: link }))
      })
      await t.rejects(listVersions(object(type, 'a')), { code: 'AKV_REDIRECTED' }, nextLink)
      t.equal(requests.length, 1)
    }
    const { requests, listVersions } = await hostileVault(t, (request, response) => {
      const nextLink = `https://${request.headers.host}/team-a/again?api-version=1`
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ value: [], nextLink }))
    })
    await t.rejects(listVersions(object(type, 'a')), { code: 'AKV_BAD_ANSWER' }, 'endless')
    t.equal(requests.length, 201)
  }
  t.equal(elsewhere.requests.length, 0)
})

t.test('an answer that isn’t a key or a certificate is refused, and never quoted', async (t) => {
  const answers = [
    '',
    'hunter2',
    'null',
    '[]',
    '{}',
    '{"cer":"hunter2"}',
    '{"key":{"kty":"hunter2"}}',
    '{"id":"https://v/certificates/a/1","key":null}',
    `{"id":"https://v/certificates/a/1","cer":7,"key":{"kid":7}}`,
    '{"value":["hunter2"]}',
    '{"value":[{"id":"hunter2","kid":7}]}',
  ]
  for (const answer of answers) {
    const { read, listVersions } = await hostileVault(t, (_request, response) => {
      response.setHeader('content-type', 'application/json').end(answer)
    })
    for (const type of ['key', 'cert'] as const) {
      const error = await read(object(type, 'a')).catch((error: Error) => error)
      t.match(error, { code: 'AKV_BAD_ANSWER' }, `${type} ${answer}`)
      t.notMatch(error instanceof Error && error.message, /hunter2/)
      const list = await listVersions(object(type, 'a')).catch((error: Error) => error)
      t.ok(Array.isArray(list) ? list.length === 0 : list instanceof Error, answer)
      t.notMatch(list instanceof Error && list.message, /hunter2/)
    }
  }
})
