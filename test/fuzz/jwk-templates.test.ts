import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { without } from '../support/needs/without.ts'
import { compareWithGo } from './harness/compare-with-go.ts'
import { fuzz } from './harness/fuzz.ts'
import { startGoTemplates } from './harness/go-templates.ts'

type Jwk = Readonly<Record<string, unknown>>

const pairs = [
  ...[512, 1024, 2048, 3072].map((bits) => generateKeyPairSync('rsa', { modulusLength: bits })),
  ...['P-256', 'P-384', 'P-521'].map((name) => generateKeyPairSync('ec', { namedCurve: name })),
  ...Array.from({ length: 3 }, () => generateKeyPairSync('ed25519')),
]
const keys = pairs.flatMap(({ privateKey, publicKey }): readonly Jwk[] => [
  { ...privateKey.export({ format: 'jwk' }) },
  { ...publicKey.export({ format: 'jwk' }) },
])
const others: readonly Jwk[] = [
  { ...generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }) },
  { ...generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }) },
  { kty: 'oct', k: 'AAAA' },
]

/** What Go accepts, and we refuse on purpose. */
const stricter =
  /does not belong|is not a valid key|from 3 to 2147483647|more than 1024 bytes|is not (?:base64url|a text)/

/** What Go refuses in members that the key isn't made of. */
const ignored = /decode value for key (?:use|kid|key_ops)|could not decode field/

const [publicCall, privateCall] = ['jwkPublicKeyPem', 'jwkPrivateKeyPem']
const call = fc.constantFrom(publicCall, privateCall)
const member = fc.constantFrom(
  ...['kty', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'crv', 'x', 'y', 'kid', 'use', 'key_ops'],
)
const number = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes))
const anyMember = fc.oneof(
  fc.constantFrom(undefined, null, 1, '', 'AQAB', 'AA', '=', [], {}, 'RSA', 'EC', 'OKP', 'P-256'),
  number.map((bytes) => bytes.toString('base64url')),
  number.map((bytes) => bytes.toString('base64')),
  fc.constantFrom(...keys).map(({ n, x }) => n ?? x),
)
/** Other ways to write the same number. */
const rewritten: readonly ((bytes: Buffer) => string)[] = [
  (bytes) => Buffer.concat([Buffer.alloc(3), bytes]).toString('base64url'),
  (bytes) => bytes.toString('base64'),
  (bytes) => bytes.toString('base64').replaceAll('=', ''),
]

t.test('a JSON Web Key becomes what Go makes of it', { skip: without('go') }, async (t) => {
  const go = await startGoTemplates(t)
  let written = 0
  let refused = 0
  const compare = async (call: string, jwk: Jwk) => {
    const data = new Map([['a', Buffer.from(JSON.stringify(jwk))]])
    const { problem, goProblem } = await compareWithGo(go, `{{ ${call} .a }}`, data)
    if (problem === '' && goProblem !== '' && !ignored.test(goProblem))
      throw new Error(`Go says: ${goProblem}`)
    if (problem !== '' && goProblem === '' && !stricter.test(problem))
      throw new Error(`Go accepts it; we say: ${problem}`)
    if (problem === '') written++
    else refused++
    return problem
  }

  for (const jwk of keys) {
    const [right, wrong] = 'd' in jwk ? [privateCall, publicCall] : [publicCall, privateCall]
    t.equal(await compare(right, jwk), '')
    t.match(await compare(wrong, jwk), /is a (public|private) key/)
    for (const rewrite of rewritten)
      for (const name of ['n', 'x', 'y', 'd', 'p'].filter((name) => name in jwk)) {
        const bytes = Buffer.from(String(jwk[name]), 'base64url')
        await compare(right, { ...jwk, [name]: rewrite(bytes) })
      }
  }
  for (const jwk of others)
    for (const name of [publicCall, privateCall])
      t.match(await compare(name, jwk), /another (type|curve)|is a (public|private) key/)
  await fuzz(
    t,
    fc.asyncProperty(
      call,
      fc.constantFrom(...keys),
      fc.dictionary(member, anyMember, { maxKeys: 2 }),
      async (call, jwk, changes) => {
        await compare(call, { ...jwk, ...changes })
      },
    ),
    () => written > keys.length * 4 && refused > keys.length,
  )
  t.comment(`${written} keys written, ${refused} refused`)
})
