import t from 'tap'
import { describeAssertion } from '../../../keyvault/entra/assertion.ts'
import { bindingAudience, tokenAudience } from '../../../lib/azure/token-audience.ts'

const jwt = (claims: unknown) =>
  `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`

t.test('a token is described by its issuer, subject and audience, never by itself', async (t) => {
  const token = jwt({ iss: 'https://issuer', sub: 'system:serviceaccount:a:b', aud: ['x', 'y'] })
  t.same(describeAssertion(token, tokenAudience), {
    description: 'issuer "https://issuer", subject "system:serviceaccount:a:b", audience "x" "y"',
    issuer: 'https://issuer',
  })
  t.same(describeAssertion(jwt({ aud: 'x' }), tokenAudience), {
    description: 'issuer none, subject none, audience "x"',
    issuer: undefined,
  })
  t.same(describeAssertion(jwt({ iss: 7 }), tokenAudience), {
    description: 'issuer none, subject none, audience none',
    issuer: undefined,
  })
})

t.test('claims of any size and content stay short and printable', async (t) => {
  const { description, issuer = '' } = describeAssertion(
    jwt({ iss: '\n'.repeat(9999), sub: '\u0000"', aud: Array(99).fill('a'.repeat(999)) }),
    tokenAudience,
  )
  t.ok(description.length < 2000)
  t.ok(issuer.length <= 601)
  t.notMatch(description + issuer, /[\n\0]/)
})

t.test('an assertion that isn’t a JWT is refused', async (t) => {
  for (const token of ['', 'a', 'a.b', 'a.b.c', 'a.bnVsbA.c', `${jwt({})}.d`, jwt('text')])
    t.throws(() => describeAssertion(token, tokenAudience), { code: 'AKV_TOKEN_FILE' }, token)
})

t.test('a token for the other one that exchanges tokens is refused', async (t) => {
  const wrong = [
    { expected: tokenAudience, found: bindingAudience },
    { expected: bindingAudience, found: tokenAudience },
  ] as const
  for (const { expected, found } of wrong) {
    for (const aud of [found, ['a', found]])
      t.throws(() => describeAssertion(jwt({ aud }), expected), {
        code: 'AKV_TOKEN_AUDIENCE',
        message: new RegExp(`audience is ${found}, but .* only ${expected}$`),
      })
    t.match(describeAssertion(jwt({ aud: [found, expected] }), expected).description, expected)
  }
})
