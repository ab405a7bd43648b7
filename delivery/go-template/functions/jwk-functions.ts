import { createECDH, createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto'
import { writePem } from '../../../keyvault/formats/pem.ts'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import { type Jwk, readJwk } from './jwk.ts'

/** The cost of a key in microseconds, and of a private RSA key for each byte of its modulus, squared. */
const publicKeyCost = 1_000
const privateKeyCost = 3_000
const squaredByteCost = 0.003

/** The public key of a JSON Web Key as SPKI in PEM. As for the operator, a private key is an error. */
export function jwkPublicKey(json: string, budget: CpuBudget): string {
  const jwk = readJwk(json, 'jwkPublicKeyPem')
  if (jwk.has('d')) throw jwk.refuse('its value is a private key; jwkPrivateKeyPem writes those')
  budget.charge(publicKeyCost)
  return writePem({ label: 'PUBLIC KEY', der: spki(jwk, publicHalf(jwk)) })
}

/** The private key of a JSON Web Key as PKCS#8 in PEM. Its halves must belong together. */
export function jwkPrivateKey(json: string, budget: CpuBudget): string {
  const jwk = readJwk(json, 'jwkPrivateKeyPem')
  if (!jwk.has('d')) throw jwk.refuse('its value is a public key; jwkPublicKeyPem writes those')
  const modulusBytes = jwk.type === 'RSA' ? jwk.bytes('n').length : 0
  budget.charge(privateKeyCost + modulusBytes ** 2 * squaredByteCost)
  const known = publicHalf(jwk)
  const expected = spki(jwk, known)
  const key = { ...known, ...(jwk.type === 'RSA' ? rsaHalf(jwk) : pointHalf(jwk)) }
  const made = orRefuse(jwk, () => createPrivateKey({ key, format: 'jwk' }))
  if (!expected.equals(createPublicKey(made).export({ type: 'spki', format: 'der' })))
    throw jwk.refuse(otherHalf)
  return writePem({ label: 'PRIVATE KEY', der: made.export({ type: 'pkcs8', format: 'der' }) })
}

const otherHalf = 'the private half of its value does not belong to the public half'

/** The curves that Go writes, with OpenSSL's names. */
const curves = new Map([
  ['P-256', 'prime256v1'],
  ['P-384', 'secp384r1'],
  ['P-521', 'secp521r1'],
])

function publicHalf({ type, text, bytes, refuse }: Jwk): JsonWebKey {
  const member = (name: string) => bytes(name).toString('base64url')
  if (type === 'RSA') return { kty: type, n: member('n'), e: member('e') }
  const crv = text('crv')
  const accepted = type === 'EC' ? [...curves.keys()] : ['Ed25519']
  if (!accepted.includes(crv))
    throw refuse(`its value is a key on another curve than ${accepted.join(', ')}`)
  return { kty: type, crv, x: member('x'), ...(type === 'EC' && { y: member('y') }) }
}

function spki(jwk: Jwk, key: JsonWebKey): Buffer {
  const made = orRefuse(jwk, () => createPublicKey({ key, format: 'jwk' }))
  const { publicExponent: e = 3n } = made.asymmetricKeyDetails ?? {}
  // OpenSSL accepts any number. Go's crypto/rsa has this limit, too.
  if (e < 3n || e % 2n === 0n || e > 0x7fff_ffffn)
    throw jwk.refuse('the member "e" of its value is not an odd number from 3 to 2147483647')
  return made.export({ type: 'spki', format: 'der' })
}

/** OpenSSL doesn't compare the halves of such a key, so the public one is calculated again. */
function pointHalf(jwk: Jwk): JsonWebKey {
  const d = jwk.bytes('d')
  const curve = jwk.type === 'EC' ? curves.get(jwk.text('crv')) : undefined
  if (curve === undefined) return { d: d.toString('base64url') }
  const point = orRefuse(jwk, () => {
    const ecdh = createECDH(curve)
    ecdh.setPrivateKey(d)
    return ecdh.getPublicKey()
  })
  const half = (point.length + 1) / 2
  const x = point.subarray(1, half).toString('base64url')
  const y = point.subarray(half).toString('base64url')
  return { d: d.toString('base64url'), x, y }
}

/** OpenSSL takes all numbers of an RSA key as they are. Those that can be calculated may be absent, as for Go. */
function rsaHalf({ has, bytes, refuse }: Jwk): JsonWebKey {
  const number = (name: string) => BigInt(`0x0${bytes(name).toString('hex')}`)
  const [d, p, q] = [number('d'), number('p'), number('q')]
  const areFactors = p * q === number('n') && p > 1n && q > 1n
  const isInverse = (prime: bigint) => (d * number('e')) % (prime - 1n) === 1n
  const qi = areFactors && isInverse(p) && isInverse(q) ? inverse(q, p) : undefined
  if (qi === undefined) throw refuse(otherHalf)
  const half = Object.entries({ d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi })
  if (half.some(([name, value]) => has(name) && number(name) !== value)) throw refuse(otherHalf)
  return Object.fromEntries(half.map(([name, value]) => [name, base64url(value)]))
}

/** The inverse of a number modulo another, by Euclid's algorithm; undefined if there is none. */
function inverse(number: bigint, modulus: bigint): bigint | undefined {
  let [a, b] = [modulus, number % modulus]
  let [s, t] = [0n, 1n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[s, t] = [t, s - quotient * t]
  }
  return a === 1n ? (s + modulus) % modulus : undefined
}

function base64url(number: bigint): string {
  const digits = number.toString(16)
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString(
    'base64url',
  )
}

/** The messages of OpenSSL say nothing that its users know. */
function orRefuse<T>({ type, refuse }: Jwk, make: () => T): T {
  try {
    return make()
  } catch {
    throw refuse(`its value is not a valid key of type ${type}`)
  }
}
