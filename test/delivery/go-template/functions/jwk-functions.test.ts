import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import t from 'tap'
import {
  jwkPrivateKey,
  jwkPublicKey,
} from '../../../../delivery/go-template/functions/jwk-functions.ts'
import { createCpuBudget } from '../../../../lib/cpu-budget.ts'

const budget = createCpuBudget()
const jwkOf = (key: KeyObject): Record<string, unknown> => ({ ...key.export({ format: 'jwk' }) })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-521' })
const ed = generateKeyPairSync('ed25519')
const other = {
  rsa: jwkOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  ec: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey),
  ed: jwkOf(generateKeyPairSync('ed25519').privateKey),
}

t.test('each half of a key becomes PEM', async (t) => {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  for (const { publicKey, privateKey } of [rsa, ec, ed, p256, p384]) {
    const [known, secret] = [jwkOf(publicKey), jwkOf(privateKey)]
    const type = `${known['kty']} ${known['crv'] ?? ''}`
    t.equal(
      jwkPublicKey(JSON.stringify({ kid: 'https://vault/keys/a/1', ...known }), budget),
      publicKey.export({ type: 'spki', format: 'pem' }),
      type,
    )
    t.equal(
      jwkPrivateKey(JSON.stringify(secret), budget),
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
      type,
    )
  }
})

t.test('the numbers of an RSA key that only make it faster may be absent', async (t) => {
  const { dp, dq, qi, ...rest } = jwkOf(rsa.privateKey)
  t.ok(dp && dq && qi)
  t.equal(
    jwkPrivateKey(JSON.stringify(rest), budget),
    rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  )
})

t.test('what is not such a key is an error without its value', async (t) => {
  const [publicRsa, privateRsa] = [jwkOf(rsa.publicKey), jwkOf(rsa.privateKey)]
  const [publicEc, privateEc] = [jwkOf(ec.publicKey), jwkOf(ec.privateKey)]
  const [publicEd, privateEd] = [jwkOf(ed.publicKey), jwkOf(ed.privateKey)]
  const long = Buffer.alloc(1025, 0xff).toString('base64url')
  const wrong: readonly (readonly [typeof jwkPublicKey, unknown, RegExp])[] = [
    [jwkPublicKey, privateRsa, /^jwkPublicKeyPem: its value is a private key/],
    [jwkPrivateKey, publicRsa, /^jwkPrivateKeyPem: its value is a public key/],
    [jwkPublicKey, [], /^jwkPublicKeyPem: its value is not a JSON object/],
    [jwkPublicKey, {}, /the member "kty" of its value is not a text/],
    [jwkPublicKey, { kty: 'oct', k: 'AAAA' }, /another type than RSA, EC, OKP$/],
    [jwkPublicKey, { ...publicRsa, kty: 'RSA-HSM' }, /another type than RSA, EC, OKP$/],
    [jwkPublicKey, { ...publicRsa, n: undefined }, /the member "n" of its value is not a text/],
    [jwkPublicKey, { ...publicRsa, n: 'a b' }, /the member "n" of its value is not base64url/],
    [jwkPublicKey, { ...publicRsa, n: '' }, /the member "n" of its value is not base64url/],
    [jwkPublicKey, { ...publicRsa, n: 'A' }, /the member "n" of its value is not base64url/],
    [jwkPublicKey, { ...publicRsa, n: long }, /"n" of its value has more than 1024 bytes/],
    [jwkPublicKey, { ...publicRsa, e: long }, /"e" of its value has more than 1024 bytes/],
    [jwkPublicKey, { ...publicRsa, e: 'AQ' }, /"e" of its value is not an odd number from 3/],
    [jwkPublicKey, { ...publicRsa, e: 'AQAAAAE' }, /"e" of its value is not an odd number from 3/],
    [jwkPublicKey, { ...publicEc, y: publicEc['x'] }, /is not a valid key of type EC$/],
    [jwkPublicKey, { ...publicEc, crv: 'secp256k1' }, /another curve than P-256, P-384, P-521$/],
    [jwkPublicKey, { ...publicEd, crv: 'X25519' }, /another curve than Ed25519$/],
    [jwkPublicKey, { ...publicEd, x: 'AAAA' }, /is not a valid key of type OKP$/],
    [jwkPrivateKey, { ...privateRsa, p: undefined }, /the member "p" of its value is not a text/],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi'].map(
      (name) =>
        [jwkPrivateKey, { ...privateRsa, [name]: other.rsa[name] }, /does not belong/] as const,
    ),
    [jwkPrivateKey, { ...privateRsa, p: 'AQ', q: privateRsa['n'] }, /does not belong/],
    [jwkPrivateKey, { ...privateRsa, p: 'AA', q: 'AA', n: 'AA' }, /does not belong|valid key/],
    [jwkPrivateKey, { ...privateEc, d: other.ec['d'] }, /does not belong/],
    [jwkPrivateKey, { ...privateEc, d: 'AA' }, /is not a valid key of type EC$/],
    [jwkPrivateKey, { ...privateEc, d: long.slice(0, 88) }, /is not a valid key of type EC$/],
    [jwkPrivateKey, { ...privateEd, d: other.ed['d'] }, /does not belong/],
    [jwkPrivateKey, { ...privateEd, d: 'AAAA' }, /is not a valid key of type OKP$/],
  ]
  for (const [write, jwk, message] of wrong)
    t.throws(() => write(JSON.stringify(jwk), budget), { name: 'TemplateError', message })
  t.throws(() => jwkPublicKey('{', budget), { message: 'jwkPublicKeyPem: its value is not JSON' })
})

t.test('a key is charged before it is made', async (t) => {
  const budgetOf = (microseconds: number) =>
    createCpuBudget({ microseconds, exhausted: () => new Error('spent') })
  const json = JSON.stringify(jwkOf(rsa.privateKey))
  t.throws(() => jwkPrivateKey(json, budgetOf(3_000)), { message: 'spent' })
  t.ok(jwkPrivateKey(json, budgetOf(4_000)))
})
