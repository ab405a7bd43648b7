import { createPublicKey, type JsonWebKey } from 'node:crypto'
import t from 'tap'
import { type PublicJwk, publicKeyPem } from '../../../keyvault/formats/public-key.ts'
import { fixtureText, openssl, parsedValue } from './fixtures.ts'

const jwkOf = (pem: string): JsonWebKey => createPublicKey(pem).export({ format: 'jwk' })

/** As the SDK hands it over: numbers as bytes. */
const asBytes = (jwk: JsonWebKey): PublicJwk =>
  Object.fromEntries(
    Object.entries(jwk).map(([name, value]) => [
      name,
      ['n', 'e', 'x', 'y'].includes(name) ? Buffer.from(String(value), 'base64url') : value,
    ]),
  )

t.test('a public key is the PEM that openssl writes, also for HSM key types', async (t) => {
  for (const [name, types] of [
    ['leaf', ['RSA', 'RSA-HSM']],
    ['ec-p256', ['EC', 'EC-HSM']],
    ['ec-p384', ['EC', 'EC-HSM']],
    ['ec-p521', ['EC', 'EC-HSM']],
  ] as const) {
    const key = fixtureText(`${name}.key`)
    const expected = openssl(['pkey', '-in', 'a.key', '-pubout'], { 'a.key': key })
    for (const kty of types) {
      const jwk = { ...jwkOf(key), kty }
      t.equal(parsedValue(publicKeyPem(jwk)), expected, `${name} as ${kty}`)
      t.equal(parsedValue(publicKeyPem(asBytes(jwk))), expected, `${name} as ${kty}, in bytes`)
    }
  }
})

t.test('P-256K is written under openssl’s name for it, secp256k1', async (t) => {
  const key = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'])
  const expected = openssl(['pkey', '-in', 'a.key', '-pubout'], { 'a.key': key })
  for (const crv of ['P-256K', 'SECP256K1'])
    t.equal(parsedValue(publicKeyPem({ ...jwkOf(key), kty: 'EC', crv })), expected, crv)
})

t.test('types and curves that have no public key to write are named', async (t) => {
  const cases: [PublicJwk, RegExp][] = [
    [
      { kty: 'oct' },
      /of type oct is symmetric and has no public half.*: RSA, RSA-HSM, EC, EC-HSM$/,
    ],
    [{ kty: 'oct-HSM' }, /of type oct-HSM is symmetric/],
    [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }, /the key's type is "OKP"; accepted: RSA/],
    [{ kty: 'constructor' }, /the key's type is "constructor"/],
    [{}, /the key's type is ""/],
    [{ kty: 'EC', crv: 'P-224', x: 'AA', y: 'AA' }, /curve is "P-224"; accepted: P-256,/],
    [{ kty: 'EC' }, /curve is ""/],
  ]
  for (const [jwk, problem] of cases)
    t.match(publicKeyPem(jwk), { problem }, `${jwk.kty} ${jwk.crv}`)
})

t.test('an answer without a key is refused as a public key', async (t) => {
  const {
    n = '',
    x = '',
    y = '',
  } = { ...jwkOf(fixtureText('leaf.key')), ...jwkOf(fixtureText('ec-p256.key')) }
  const hostile: PublicJwk[] = [
    { kty: 'RSA' },
    { kty: 'RSA', n },
    { kty: 'RSA', n, e: '' },
    { kty: 'RSA', n, e: 'AA' },
    { kty: 'RSA', n, e: 'AQ' },
    { kty: 'RSA', n: 'AA', e: 'AQAB' },
    { kty: 'RSA', n: `!${n}`, e: 'AQAB' },
    { kty: 'RSA', n: new Uint8Array(), e: new Uint8Array() },
    { kty: 'EC', crv: 'P-256' },
    { kty: 'EC', crv: 'P-256', x, y: x },
    { kty: 'EC', crv: 'P-384', x, y },
    { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' },
  ]
  for (const [index, jwk] of hostile.entries())
    t.match(publicKeyPem(jwk), { problem: /holds no public key/ }, `${index}`)
})
