import { createPublicKey, type JsonWebKey } from 'node:crypto'
import t from 'tap'
import {
  adminId,
  ask,
  authorization,
  keyClient,
  secretClient,
  start,
  strangerId,
  webId,
} from './fixture.ts'
import { openssl } from './openssl.ts'

const subject = 'system:serviceaccount:default:web'
const givenPem = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-384'])
const oldVersion = '0123456789abcdef0123456789abcdef'
const indented = givenPem.replaceAll('\n', '\n            ')

const emulator = await start(t, {
  yaml: `
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: '${subject}' }] }
  - { clientId: ${adminId}, federatedCredentials: [{ subject: '${subject}' }] }
  - { clientId: ${strangerId}, federatedCredentials: [{ subject: '${subject}' }] }
vaults:
  team-a:
    readers: [${webId}]
    secrets: { plain: not a key }
    keys:
      default: {}
      rsa: { type: RSA }
      hsm: { type: RSA-HSM, size: 3072 }
      p384: { type: EC, curve: P-384 }
      p521: { type: EC-HSM, curve: P-521 }
      koblitz: { curve: P-256K }
      symmetric: { type: oct }
      symmetric-hsm: { type: oct-HSM }
      Given:
        type: EC-HSM
        pem: |
            ${indented}
        tags: { team: a }
        created: 2026-01-02T03:04:05Z
        expires: 2027-01-01T00:00:00Z
      old: { versions: [{ version: ${oldVersion} }, { enabled: false }] }
      gone: { deleted: true }
`,
})
const reader = keyClient(emulator)
const headers = await authorization(emulator)
const get = (path: string) => ask(emulator, `/team-a/${path}?api-version=7.6`, { headers })

/** What openssl reads out of the vault's key. */
const opened = (key: JsonWebKey, kty: string) =>
  openssl(
    ['pkey', '-pubin', '-noout', '-text'],
    createPublicKey({ key: { ...key, kty }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }),
  )

t.test('keys of every type are generated, and openssl reads them', async (t) => {
  const cases: [string, string, string | undefined, RegExp][] = [
    ['default', 'EC', 'P-256', /NIST CURVE: P-256/],
    ['rsa', 'RSA', undefined, /Public-Key: \(2048 bit\)/],
    ['hsm', 'RSA-HSM', undefined, /Public-Key: \(3072 bit\)/],
    ['p384', 'EC', 'P-384', /NIST CURVE: P-384/],
    ['p521', 'EC-HSM', 'P-521', /NIST CURVE: P-521/],
  ]
  for (const [name, kty, crv, text] of cases) {
    const { json } = await get(`keys/${name}`)
    const { key } = Object(json)
    t.match({ kty: key.kty, crv: key.crv }, { kty, crv }, name)
    t.match(opened(key, kty.replace('-HSM', '')), text, name)
  }
  t.match((await get('keys/koblitz')).json, { key: { kty: 'EC', crv: 'P-256K', x: /^[\w-]{43}$/ } })
})

t.test('the answer for a key equals the service’s, to the letter', async (t) => {
  const { json } = await get('KEYS/given')
  const { key, ...rest } = Object(json)
  t.match(key.kid, /^https:\/\/team-a\.vault\.azure\.net\/keys\/Given\/[0-9a-f]{32}$/)
  t.strictSame(Object.keys(key), ['kid', 'kty', 'key_ops', 'crv', 'x', 'y'])
  t.strictSame(rest, {
    attributes: {
      enabled: true,
      exp: 1_798_761_600,
      created: 1_767_323_045,
      updated: 1_767_323_045,
      recoveryLevel: 'Recoverable+Purgeable',
      recoverableDays: 90,
      exportable: false,
      hsmPlatform: '0',
    },
    tags: { team: 'a' },
  })
})

t.test('an imported key is served unchanged', async (t) => {
  const { key } = Object((await get('keys/given')).json)
  const shown = createPublicKey({ key: { ...key, kty: 'EC' }, format: 'jwk' })
  const own = openssl(['pkey', '-pubout'], givenPem)
  t.equal(shown.export({ type: 'spki', format: 'pem' }), own)
})

t.test('a symmetric key’s material is never shown', async (t) => {
  for (const [name, kty] of [
    ['symmetric', 'oct'],
    ['symmetric-hsm', 'oct-HSM'],
  ]) {
    const { key } = Object((await get(`keys/${name}`)).json)
    t.strictSame(Object.keys(key), ['kid', 'kty', 'key_ops'])
    t.equal(key.kty, kty)
  }
})

t.test('the SDK reads keys, versions and lists', async (t) => {
  t.match(await reader.getKey('given'), {
    name: 'Given',
    keyType: 'EC-HSM',
    key: { crv: 'P-384', x: Uint8Array, y: Uint8Array },
    properties: { tags: { team: 'a' }, expiresOn: new Date('2027-01-01T00:00:00Z'), enabled: true },
  })
  t.match(await reader.getKey('rsa'), { keyOperations: ['encrypt', 'decrypt', 'sign'] })
  const versions: (string | undefined)[] = []
  for await (const { version, enabled } of reader.listPropertiesOfKeyVersions('old'))
    versions.push(`${version} ${enabled}`)
  t.equal(versions.length, 2)
  t.ok(versions.includes(`${oldVersion} true`))
  const names: string[] = []
  for await (const { name, managed } of reader.listPropertiesOfKeys()) {
    names.push(name)
    t.notOk(managed)
  }
  t.strictSame(names.toSorted(), [
    ...['Given', 'default', 'hsm', 'koblitz', 'old', 'p384', 'p521', 'rsa'],
    ...['symmetric', 'symmetric-hsm'],
  ])
})

t.test('a disabled key is still shown, because it is public', async (t) => {
  t.match(await reader.getKey('old'), { properties: { enabled: false } })
  t.match(await reader.getKey('old', { version: oldVersion }), { properties: { enabled: true } })
})

t.test('absent and deleted keys, and secrets, are not found as keys', async (t) => {
  for (const name of ['none', 'gone', 'plain'])
    await t.rejects(reader.getKey(name), {
      statusCode: 404,
      code: 'KeyNotFound',
      message: new RegExp(`^A key with \\(name/id\\) ${name} was not found in this key vault\\.`),
    })
  await t.rejects(reader.getKey('old', { version: 'f'.repeat(32) }), { code: 'KeyNotFound' })
  t.match(await get('keys/gone/versions'), { status: 404 })
  await t.rejects(secretClient(emulator).getSecret('rsa'), { code: 'SecretNotFound' })
})

t.test('an identity without a role is told which role it needs', async (t) => {
  await t.rejects(keyClient(emulator, strangerId).getKey('rsa'), {
    statusCode: 403,
    message: /Action: 'Microsoft\.KeyVault\/vaults\/keys\/read'\r\nResource: '.*\/keys\/rsa'/,
  })
})

t.test('a key can be rotated, disabled and deleted', async (t) => {
  const named = { vault: 'team-a', name: 'default', type: 'key' } as const
  const before = await reader.getKey('default')
  const version = emulator.rotate(named)
  const after = await reader.getKey('default')
  t.equal(after.properties.version, version)
  t.notSame(after.key?.x, before.key?.x)
  t.equal(after.key?.crv, 'P-256')
  t.same(
    (await reader.getKey('default', { version: before.properties.version ?? '' })).key?.x,
    before.key?.x,
  )
  emulator.update({ ...named, enabled: false, tags: { a: 'b' } })
  t.match(await reader.getKey('default'), { properties: { enabled: false, tags: { a: 'b' } } })
  emulator.update({ ...named, deleted: true })
  await t.rejects(reader.getKey('default'), { code: 'KeyNotFound' })
  t.throws(() => emulator.rotate(named), /the key default is deleted: recover it first/)
  t.throws(() => emulator.rotate({ ...named, name: 'Given' }), /key Given was imported/)
  t.throws(() => emulator.rotate({ ...named, name: 'none' }), /team-a has no key none/)
  t.throws(() => emulator.rotate({ ...named, value: 'x' }), /the key default takes no value/)
  t.throws(() => emulator.update({ ...named, contentType: 'x' }), /takes no contentType/)
})
