import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import type { WantedFile } from '../../../../delivery/contract.ts'
import {
  destinationKey,
  fileDestination,
  partOf,
  type Target,
} from '../../../../delivery/destination.ts'
import { renderParts } from '../../../../delivery/projection/render/render-parts.ts'
import type { FetchedObject } from '../../../../keyvault/clients/object-client.ts'
import type { ObjectType } from '../../../../keyvault/reference.ts'
import { AkvError } from '../../../../lib/errors/akv-error.ts'
import { secretAnswer } from '../../../init-agent/harness/secret-answer.ts'
import { fixture, fixtureText, openssl } from '../../../keyvault/formats/fixtures.ts'
import { anyCharacter } from '../../../support/any-character.ts'

const file = (type: ObjectType, more: Partial<WantedFile> = {}): WantedFile => ({
  path: 'p',
  object: { vault: 'team-a', type, name: 'web' },
  ...more,
})
const pfxAnswer = (name: string) =>
  secretAnswer(fixture(`${name}.pfx`).toString('base64'), {
    contentType: 'application/x-pkcs12',
    isCertificate: true,
  })
const pemAnswer = (...names: string[]) =>
  secretAnswer(names.map(fixtureText).join(''), {
    contentType: 'application/x-pem-file',
    isCertificate: true,
  })

const target = (file: WantedFile): Target => ({ ...file, to: fileDestination(file, '0444') })

async function files(wanted: WantedFile, ...found: [FetchedObject, ...FetchedObject[]]) {
  const { to } = target(wanted)
  const rendered = await renderParts(target(wanted), found)
  return Object.fromEntries(
    rendered.map(({ name, bytes }) => [
      destinationKey(name === undefined ? to : partOf(to, name)),
      Buffer.from(bytes),
    ]),
  )
}
async function texts(wanted: WantedFile, ...found: [FetchedObject, ...FetchedObject[]]) {
  const rendered = Object.entries(await files(wanted, ...found))
  return Object.fromEntries(rendered.map(([path, bytes]) => [path, bytes.toString()]))
}
const fails = (wanted: WantedFile, found: FetchedObject, code: string, message: RegExp) =>
  t.rejects(renderParts(target(wanted), [found]), { code, message }, `${code} ${message}`)

t.test('a secret is its bytes, with nothing added', async (t) => {
  for (const value of ['', 'v', 'v\n', 'é\r\n\0', 'x'.repeat(25 * 1024)])
    t.strictSame(await texts(file('secret'), secretAnswer(value)), { p: value })
  const pfx = pfxAnswer('chain-3des')
  t.strictSame(await texts(file('secret'), pfx), { p: pfx.value }, 'a certificate’s too')
})

t.test('a property, then the encoding', async (t) => {
  const json = secretAnswer('{"a":{"b":"aGk=","n":1.10},"x.y":"z"}')
  t.strictSame(await texts(file('secret', { property: 'a.b' }), json), { p: 'aGk=' })
  t.strictSame(await texts(file('secret', { property: 'a.n' }), json), { p: '1.10' })
  t.strictSame(await texts(file('secret', { property: 'x.y' }), json), { p: 'z' })
  const decoded = { property: 'a.b', encoding: 'base64' } as const
  t.strictSame(await texts(file('secret', decoded), json), { p: 'hi' })
  const bytes = await files(file('secret', { encoding: 'base64' }), secretAnswer('//79'))
  t.strictSame(bytes, { p: Buffer.from([0xff, 0xfe, 0xfd]) }, 'bytes that are no UTF-8 survive')
  const hex = await files(file('secret', { encoding: 'hex' }), secretAnswer('00fF'))
  t.strictSame(hex, { p: Buffer.from([0, 0xff]) })
})

t.test('all properties become files of a folder', async (t) => {
  const wanted = file('secret', { path: 'conf', property: '*' })
  const json = secretAnswer('{"a.txt":"1","..b":true,"é":[1, 2],"__proto__":"x"}')
  t.strictSame(Object.entries(await texts(wanted, json)), [
    ['conf/a.txt', '1'],
    ['conf/..b', 'true'],
    ['conf/é', '[1,2]'],
    ['conf/__proto__', 'x'],
  ])
  t.strictSame(await texts(wanted, secretAnswer('{}')), {})
  for (const name of ['', '.', '..', 'a/b', '/', '../x', 'a\u0000', 'x'.repeat(256)]) {
    const value = secretAnswer(JSON.stringify({ fine: 'hunter2', [name]: 'hunter2' }))
    const error = await renderParts(target(wanted), [value]).catch((error: AkvError) => error)
    t.match(error, {
      code: 'AKV_PROPERTY',
      message: /^secret team-a:web: the name of property number 2 can't be a file name: /,
    })
    t.notMatch(error instanceof AkvError && error.message, /hunter2/)
  }
})

t.test('all properties of a part of a value', async (t) => {
  const wanted = file('secret', { path: 'conf', property: '*', within: 'a.b' })
  t.strictSame(await texts(wanted, secretAnswer('{"a":{"b":{"x":1}},"x":2}')), { 'conf/x': '1' })
  t.strictSame(await texts(wanted, secretAnswer('{"a.b":"{\\"x\\":[ 1 ]}"}')), { 'conf/x': '[1]' })
  await fails(wanted, secretAnswer('{"a":{"c":{}}}'), 'AKV_PROPERTY_ABSENT', /has no "b"/)
  await fails(wanted, secretAnswer('{"a":{"b":[1]}}'), 'AKV_PROPERTY', /needs a JSON object/)
  await fails(wanted, secretAnswer('{"a":{"b":"x"}}'), 'AKV_PROPERTY', /is not JSON/)
})

t.test('tags of an object of any kind', async (t) => {
  const tags = { team: 'blue' }
  const found = { ...secretAnswer('value'), tags }
  t.strictSame(await texts(file('secret', { format: 'tags' }), found), { p: '{"team":"blue"}' })
  t.strictSame(await texts(file('secret', { format: 'tags', property: 'team' }), found), {
    p: 'blue',
  })
  const certificate = { kind: 'certificate', der: new Uint8Array(), tags } as const
  t.strictSame(await texts(file('cert', { format: 'tags' }), certificate), { p: '{"team":"blue"}' })
  const all = file('secret', { format: 'tags', property: '*' })
  t.strictSame(await texts(all, found), { 'p/web_team': 'blue' })
  t.strictSame(await texts({ ...all, within: 'team' }, found), { 'p/web_team': 'blue' })
  await fails(
    file('secret', { format: 'tags', property: 'x' }),
    found,
    'AKV_PROPERTY_ABSENT',
    /"x"/,
  )
})

t.test('a value that can’t be picked or decoded has an error code', async () => {
  const property = { property: 'a.b' }
  await fails(file('secret', property), secretAnswer('x'), 'AKV_PROPERTY', /is not JSON/)
  await fails(file('secret', property), secretAnswer('{"a":{}}'), 'AKV_PROPERTY_ABSENT', /"a" is a/)
  const all = file('secret', { property: '*' })
  await fails(all, secretAnswer('[1]'), 'AKV_PROPERTY', /needs a JSON object/)
  for (const encoding of ['base64', 'hex'] as const)
    await fails(file('secret', { encoding }), secretAnswer('a-b'), 'AKV_ENCODING', /^secret team-a/)
})

t.test('a PKCS#12 becomes PEM if that is wanted, and nothing else changes', async (t) => {
  const pem = file('secret', { format: 'pem' })
  const authorities = fixtureText('intermediate.crt') + fixtureText('root.crt')
  t.strictSame(await texts(pem, pfxAnswer('chain-rc2-40')), {
    p: fixtureText('leaf.key') + fixtureText('leaf.crt') + authorities,
  })
  const stored = pemAnswer('leaf.crt', 'leaf-pkcs1.key')
  t.strictSame(await texts(pem, stored), { p: stored.value }, 'PEM stays as it is')
  t.strictSame(await texts(pem, secretAnswer('MIIK')), { p: 'MIIK' }, 'and what only looks like it')
  await fails(file('secret', { format: 'pem', encoding: 'hex' }), stored, 'AKV_ENCODING', /hex/)
  const broken = secretAnswer('MIIK', {
    contentType: 'application/x-pkcs12',
    isCertificate: true,
  })
  await fails(pem, broken, 'AKV_CERTIFICATE', /can't be read/)
})

t.test('tls is a folder, or the mount itself', async (t) => {
  const chain = pfxAnswer('chain-ec-p384')
  t.strictSame(Object.keys(await files(file('tls', { path: 'a/b' }), chain)), [
    'a/b/tls.crt',
    'a/b/tls.key',
    'a/b/ca.crt',
  ])
  const atRoot = await texts(file('tls', { path: '.' }), chain)
  t.strictSame(atRoot, {
    'tls.crt': fixtureText('ec-p384.crt') + fixtureText('intermediate.crt'),
    'tls.key': fixtureText('ec-p384.key'),
    'ca.crt': fixtureText('root.crt'),
  })
  const verify = ['verify', '-no-CApath', '-CAfile', 'ca.crt', '-untrusted', 'tls.crt', 'tls.crt']
  t.equal(openssl(verify, atRoot).trim(), 'tls.crt: OK')
  const partial = await texts(file('tls'), pemAnswer('leaf.key', 'leaf.crt'))
  t.strictSame(Object.keys(partial), ['p/tls.crt', 'p/tls.key'], 'a root may be absent')
})

t.test('a certificate that can’t be used for TLS is an error that says why', async () => {
  await fails(file('tls'), pfxAnswer('no-key'), 'AKV_KEY_NOT_EXPORTABLE', /exportable/)
  await fails(file('pfx'), pfxAnswer('no-key'), 'AKV_KEY_NOT_EXPORTABLE', /does not release/)
  const foreign = pemAnswer('ec-p256.key', 'leaf.crt')
  await fails(file('tls'), foreign, 'AKV_CERTIFICATE', /does not match any/)
  await fails(file('tls'), secretAnswer('x'), 'AKV_CERTIFICATE', /content type/)
  await fails(file('pfx'), secretAnswer('x'), 'AKV_CERTIFICATE', /content type/)
})

t.test('pfx is binary, as it is stored or built of PEM', async (t) => {
  const stored = await files(file('pfx'), pfxAnswer('chain-aes-256'))
  const csi = await files(file('secret', { encoding: 'base64' }), pfxAnswer('chain-aes-256'))
  t.strictSame(csi, stored, 'objectFormat pfx with objectEncoding base64 is the same')
  t.strictSame(stored, { p: fixture('chain-aes-256.pfx') })
  const { p } = await files(file('pfx'), pemAnswer('leaf.key', 'leaf.crt', 'root.crt'))
  const read = openssl(['pkcs12', '-in', 'p', '-passin', 'pass:', '-nodes'], { p: p ?? '' })
  t.match(read, fixtureText('leaf.key').trim())
  t.match(read, fixtureText('leaf.crt').trim())
})

t.test('a key is its public half, a certificate its leaf, as openssl prints them', async (t) => {
  const certificate = new X509Certificate(fixture('leaf.crt'))
  const { n = '', e = '' } = certificate.publicKey.export({ format: 'jwk' })
  const jwk = { kty: 'RSA-HSM', n: Buffer.from(n, 'base64url'), e: Buffer.from(e, 'base64url') }
  const pem = openssl(['pkey', '-in', 'k', '-pubout'], { k: fixture('leaf.key') })
  t.strictSame(await texts(file('key'), { kind: 'key', jwk, isCertificate: false }), { p: pem })
  const leaf = { kind: 'certificate', der: certificate.raw } as const
  t.strictSame(await texts(file('cert'), leaf), { p: fixtureText('leaf.crt') })

  const symmetric = { kind: 'key', jwk: { kty: 'oct' }, isCertificate: false } as const
  await fails(file('key'), symmetric, 'AKV_KEY_TYPE', /^key team-a:web: a key of type oct/)
  const none = { kind: 'certificate', der: Buffer.from('hunter2') } as const
  await fails(
    file('cert'),
    none,
    'AKV_CERTIFICATE',
    /^cert team-a:web: .* not a valid X.509 certificate$/,
  )
})

t.test('a history is a file for each version, each made as a single one would be', async (t) => {
  const wanted = file('secret', { path: 'h', versions: 2, encoding: 'base64' })
  t.strictSame(await texts(wanted, secretAnswer('Yg=='), secretAnswer('YQ==')), {
    'h/0': 'b',
    'h/1': 'a',
  })
  const found = [secretAnswer('1'), secretAnswer('2'), secretAnswer('3')] as const
  const two = await texts(file('secret', { versions: 2 }), ...found)
  t.strictSame(two, { 'p/0': '1', 'p/1': '2' }, 'another target may want more of them')
})

t.test('no message about a file contains a value', async () => {
  const wanted = [
    file('secret', { property: 'a' }),
    file('secret', { property: '*' }),
    file('secret', { encoding: 'base64' }),
    file('secret', { format: 'pem' }),
    file('tls'),
    file('pfx'),
  ]
  const contentType = fc.constantFrom('application/x-pkcs12', 'application/x-pem-file')
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: anyCharacter }), contentType, async (text, contentType) => {
      const secret = secretAnswer(`"hunter2${text}`, { contentType, isCertificate: true })
      for (const file of wanted)
        try {
          await renderParts(target(file), [secret])
        } catch (error) {
          if (!(error instanceof AkvError) || error.message.includes('hunter2')) return false
        }
      return true
    }),
    { numRuns: 300 },
  )
})

t.test(
  'a TLS Secret gets the certificates and the key of a certificate as two files',
  async (t) => {
    for (const answer of [pfxAnswer('chain-3des'), pfxAnswer('chain-aes-256')]) {
      const { p: whole = '' } = await texts(file('secret', { format: 'pem' }), answer)
      const { p: certificates = '' } = await texts(file('secret', { format: 'tls.crt' }), answer)
      const { p: key = '' } = await texts(file('secret', { format: 'tls.key' }), answer)
      t.equal(key + certificates, whole, 'in the order of the CSI driver’s provider')
      t.match(key, /^-----BEGIN PRIVATE KEY-----/)
    }
    const plain = secretAnswer(
      (await texts(file('secret', { format: 'pem' }), pfxAnswer('chain-3des')))['p'] ?? '',
    )
    t.match(await texts(file('secret', { format: 'tls.crt' }), plain), {
      p: /^-----BEGIN CERTIFICATE/,
    })
    const none = secretAnswer('no PEM s3cr3t')
    await fails(
      file('secret', { format: 'tls.crt' }),
      none,
      'AKV_CERTIFICATE',
      /no certificate in PEM$/,
    )
    await fails(
      file('secret', { format: 'tls.key' }),
      none,
      'AKV_KEY_NOT_EXPORTABLE',
      /no private key in PEM$/,
    )
  },
)
