import t from 'tap'
import { describeAssertion } from '../../../keyvault/entra/assertion.ts'

const jwt = (claims: unknown) =>
  `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`

t.test('a token is described by its issuer, subject and audience, never by itself', async (t) => {
  const token = jwt({ iss: 'https://issuer', sub: 'system:serviceaccount:a:b', aud: ['x', 'y'] })
  const words = describeAssertion(token)
  t.equal(words, 'issuer "https://issuer", subject "system:serviceaccount:a:b", audience "x" "y"')
  t.equal(describeAssertion(jwt({ aud: 'x' })), 'issuer none, subject none, audience "x"')
  t.equal(describeAssertion(jwt({ iss: 7 })), 'issuer none, subject none, audience none')
})

t.test('claims of any size and content stay short and printable', async (t) => {
  const words = describeAssertion(
    jwt({ iss: '\n'.repeat(9999), sub: '\u0000"', aud: Array(99).fill('a'.repeat(999)) }),
  )
  t.ok(words.length < 2000)
  t.notMatch(words, /[\n\0]/)
})

t.test('an assertion that isn’t a JWT is refused', async (t) => {
  for (const token of ['', 'a', 'a.b', 'a.b.c', 'a.bnVsbA.c', `${jwt({})}.d`, jwt('text')])
    t.throws(() => describeAssertion(token), { code: 'AKV_TOKEN_FILE' }, token)
})

t.test('a token for AKS identity bindings is refused', async (t) => {
  for (const aud of ['api://AKSIdentityBinding', ['a', 'api://AKSIdentityBinding']])
    t.throws(() => describeAssertion(jwt({ aud })), { code: 'AKV_IDENTITY_BINDING' })
})
