import t from 'tap'
import type { FailedRequest } from '../../../keyvault/clients/request-guard.ts'
import { dependsOnAddress, signInError, vaultError } from '../../../keyvault/errors/classify.ts'
import { entraCodes } from '../../../keyvault/errors/entra-codes.ts'

const asked = { object: 'secret team-a:db', vault: 'team-a', principal: 'client c' }
const sent = { clientId: 'c', tenantId: 't', claims: 'issuer "i", subject "s", audience "a"' }

const status = (status: number, body: unknown = '', retryAfterMs?: number): FailedRequest => ({
  kind: 'status',
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  retryAfterMs,
})
const vaultBody = (code: string, inner?: string) => ({
  error: { code, message: 'm', ...(inner === undefined ? {} : { innererror: { code: inner } }) },
})

t.test('each answer of a vault has a code, and is retryable or not', async (t) => {
  const cases: [FailedRequest, string, boolean][] = [
    [status(401), 'AKV_UNAUTHORIZED', false],
    [status(404, vaultBody('SecretNotFound')), 'AKV_OBJECT_NOT_FOUND', false],
    [status(404, '<html>'), 'AKV_BAD_ANSWER', true],
    [status(404, { error: 'x' }), 'AKV_BAD_ANSWER', true],
    [status(403, vaultBody('Forbidden', 'SecretDisabled')), 'AKV_OBJECT_DISABLED', false],
    [status(403, vaultBody('Forbidden', 'ForbiddenByFirewall')), 'AKV_FIREWALL', true],
    [
      status(403, vaultBody('Forbidden', 'ForbiddenByConnection')),
      'AKV_PUBLIC_ACCESS_DISABLED',
      true,
    ],
    [status(403, vaultBody('Forbidden', 'ForbiddenByRbac')), 'AKV_FORBIDDEN', true],
    [status(403, vaultBody('Forbidden', 'AccessDenied')), 'AKV_FORBIDDEN', true],
    [status(403, vaultBody('Forbidden', 'constructor')), 'AKV_FORBIDDEN', true],
    [status(403, ''), 'AKV_FORBIDDEN', true],
    [status(408), 'AKV_VAULT_UNAVAILABLE', true],
    [status(429), 'AKV_THROTTLED', true],
    [status(500), 'AKV_VAULT_UNAVAILABLE', true],
    [status(503), 'AKV_VAULT_UNAVAILABLE', true],
    [status(301), 'AKV_REDIRECTED', false],
    [status(307), 'AKV_REDIRECTED', false],
    [status(400), 'AKV_BAD_REQUEST', false],
    [status(204), 'AKV_BAD_ANSWER', true],
    [status(418), 'AKV_BAD_ANSWER', true],
    [{ kind: 'network', code: 'ECONNRESET' }, 'AKV_NETWORK', true],
    [{ kind: 'network', code: 'ENOTFOUND' }, 'AKV_NETWORK', true],
    [{ kind: 'network', code: 'UNKNOWN' }, 'AKV_NETWORK', true],
    [{ kind: 'network', code: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'AKV_TLS_UNTRUSTED', false],
    [{ kind: 'network', code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'AKV_TLS_UNTRUSTED', false],
    [{ kind: 'network', code: 'CERT_HAS_EXPIRED' }, 'AKV_TLS_UNTRUSTED', false],
    [{ kind: 'network', code: 'EPROTO' }, 'AKV_NETWORK', true],
    [{ kind: 'network', code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR' }, 'AKV_NETWORK', true],
    [{ kind: 'timeout', timeoutMs: 10_000 }, 'AKV_NETWORK', true],
    [{ kind: 'too-large', maxBytes: 1 }, 'AKV_BAD_ANSWER', true],
    [{ kind: 'elsewhere' }, 'AKV_REDIRECTED', false],
  ]
  for (const [failure, code, isRetryable] of cases) {
    const error = vaultError(failure, asked)
    t.equal(error.code, code, JSON.stringify(failure))
    t.equal(error.facts.isRetryable, isRetryable, code)
    t.match(error.message, /team-a/)
  }
})

t.test(
  'a host that can’t be reached is named, because somebody has to look it up in DNS',
  async (t) => {
    const absent = { kind: 'network', code: 'ENOTFOUND' } as const
    const hostname = 'team-a.vault.azure.net'
    t.match(
      vaultError(absent, { ...asked, hostname }).message,
      'vault team-a (team-a.vault.azure.net) could not be reached (ENOTFOUND)',
    )
    t.match(
      signInError(absent, { ...sent, hostname: 'login.microsoftonline.com' }).message,
      'Entra (login.microsoftonline.com) could not be reached (ENOTFOUND)',
    )
  },
)

t.test(
  'the address that a firewall refused is shown, and nothing else of the message',
  async (t) => {
    const messageFor = (text: unknown) => {
      const error = {
        code: 'Forbidden',
        message: text,
        innererror: { code: 'ForbiddenByFirewall' },
      }
      return vaultError(status(403, { error }), asked).message
    }
    const said = (address: string) =>
      messageFor(`Client address is not authorized.\r\nClient address: ${address}\r\nCaller: x`)
    t.match(said('203.0.113.7'), /the request, which came from 203\.0\.113\.7 \(HTTP 403/)
    t.match(said('2001:db8::7'), /the request, which came from 2001:db8::7 \(/)
    const others = [
      '999.1.1.1',
      'hunter2',
      'dead:beef',
      '',
      '1.2.3.4'.repeat(1_000),
      'a'.repeat(40),
    ]
    for (const message of [...others.map(said), messageFor(7), messageFor(['203.0.113.7'])])
      t.match(message, /: the firewall of vault team-a refused the request \(HTTP 403/)
  },
)

t.test('where a vault’s name resolves to is said where it explains the answer', async (t) => {
  const closed = status(403, vaultBody('Forbidden', 'ForbiddenByConnection'))
  t.ok(dependsOnAddress(closed))
  for (const other of [
    status(403, vaultBody('Forbidden', 'ForbiddenByFirewall')),
    status(500, vaultBody('Forbidden', 'ForbiddenByConnection')),
    { kind: 'network', code: 'ECONNRESET' } as const,
  ])
    t.notOk(dependsOnAddress(other))
  t.match(
    vaultError(closed, { ...asked, resolvedTo: ['20.61.1.2', '20.61.1.3'] }).message,
    /private endpoint; the vault's name resolves to 20\.61\.1\.2, 20\.61\.1\.3 here \(/,
  )
  t.match(vaultError(closed, { ...asked, resolvedTo: [] }).message, /private endpoint \(HTTP 403/)
})

const entraNumbers: [number, string, boolean][] = [
  [70021, 'AKV_FEDERATION_MISMATCH', true],
  [70025, 'AKV_FEDERATION_MISMATCH', true],
  [700211, 'AKV_FEDERATION_MISMATCH', true],
  [700212, 'AKV_FEDERATION_MISMATCH', true],
  [700213, 'AKV_FEDERATION_MISMATCH', true],
  [7002138, 'AKV_FEDERATION_MISMATCH', true],
  [50166, 'AKV_ISSUER_KEYS', true],
  [501661, 'AKV_ISSUER_KEYS', true],
  [700027, 'AKV_ISSUER_KEYS', true],
  [7000272, 'AKV_ISSUER_KEYS', true],
  [700016, 'AKV_APP_NOT_FOUND', true],
  [7000229, 'AKV_APP_NOT_FOUND', true],
  [700024, 'AKV_ASSERTION_EXPIRED', true],
  [90002, 'AKV_TENANT_NOT_FOUND', false],
  [90038, 'AKV_TENANT_NOT_FOUND', false],
  [900382, 'AKV_TENANT_NOT_FOUND', false],
  [900432, 'AKV_TENANT_NOT_FOUND', false],
  [90006, 'AKV_ENTRA_UNAVAILABLE', true],
  [90012, 'AKV_ENTRA_UNAVAILABLE', true],
  [90024, 'AKV_ENTRA_UNAVAILABLE', true],
  [90033, 'AKV_ENTRA_UNAVAILABLE', true],
  [90055, 'AKV_ENTRA_UNAVAILABLE', true],
  [90090, 'AKV_ENTRA_UNAVAILABLE', true],
  [53003, 'AKV_ENTRA_REFUSED', false],
  [500011, 'AKV_ENTRA_REFUSED', false],
  [500021, 'AKV_ENTRA_REFUSED', false],
  [5002730, 'AKV_ENTRA_REFUSED', false],
  [7000112, 'AKV_ENTRA_REFUSED', false],
  [700222, 'AKV_ENTRA_REFUSED', false],
  [700223, 'AKV_ENTRA_REFUSED', false],
  [700238, 'AKV_ENTRA_REFUSED', false],
]

/** What a message says about each code that only Entra's numbers cause. */
const entraSentences: Readonly<Record<string, RegExp>> = {
  AKV_FEDERATION_MISMATCH: /no federated credential of this client matches the token/,
  AKV_ISSUER_KEYS: /could not verify the token/,
  AKV_APP_NOT_FOUND: /does not know this client in this tenant/,
  AKV_ASSERTION_EXPIRED: /finds the token expired or not valid yet/,
  AKV_TENANT_NOT_FOUND: /does not know this tenant/,
  AKV_ENTRA_UNAVAILABLE: /is overloaded or failing/,
  AKV_ENTRA_REFUSED: /Entra refused the sign-in/,
}

t.test('a message names the limit that an answer broke', async (t) => {
  const slow = vaultError({ kind: 'timeout', timeoutMs: 10_000 }, asked)
  t.match(slow.message, 'did not answer within 10 s')
  const large = vaultError({ kind: 'too-large', maxBytes: 65_536 }, asked)
  t.match(large.message, 'answered with more than 64 KiB')
})

t.test('a redirect of Entra isn’t called a refusal', async (t) => {
  t.match(signInError(status(302, {}), sent), {
    code: 'AKV_REDIRECTED',
    message: /Entra answered with a redirect, which is not followed/,
  })
})

t.test('Entra’s refusals go by number, not by status', async (t) => {
  t.strictSame(
    entraNumbers.map(([number]) => number),
    [...entraCodes.keys()],
    'every known number is tested',
  )
  // One that isn't listed.
  for (const [number, code, isRetryable] of [
    ...entraNumbers,
    [7000215, 'AKV_ENTRA_REFUSED', false] as const,
  ])
    for (const answered of [400, 401]) {
      const listed = signInError(status(answered, { error_codes: [number] }), sent)
      const told = signInError(status(answered, { error_description: `AADSTS${number}: x` }), sent)
      for (const error of [listed, told]) {
        t.equal(error.code, code, String(number))
        t.equal(error.facts.isRetryable, isRetryable)
        t.match(error.message, `AADSTS${number}`)
        t.match(error.message, entraSentences[code])
        const claims = /FEDERATION_MISMATCH|ISSUER_KEYS|ASSERTION_EXPIRED/.test(code)
        t.equal(error.message.includes(sent.claims), claims, `${number} shows the token's claims`)
      }
    }
})

t.test('a refusal that only an administrator can lift gives its reason', async (t) => {
  for (const [number, { code, reason = 'none' }] of entraCodes)
    if (code === 'AKV_ENTRA_REFUSED')
      t.match(
        signInError(status(401, { error_codes: [number] }), sent).message,
        `Entra refused the sign-in: ${reason} (AADSTS${number})`,
      )
})

t.test('a mismatch shows issuer, subject and audience of the token sent', async (t) => {
  const error = signInError(status(401, { error_codes: [700213] }), sent)
  t.match(error.message, 'issuer "i", subject "s", audience "a"')
})

t.test('an Entra without a number is judged by its status', async (t) => {
  const cases: [number, string][] = [
    [302, 'AKV_REDIRECTED'],
    [400, 'AKV_ENTRA_REFUSED'],
    [404, 'AKV_ENTRA_REFUSED'],
    [408, 'AKV_ENTRA_UNAVAILABLE'],
    [429, 'AKV_ENTRA_UNAVAILABLE'],
    [502, 'AKV_ENTRA_UNAVAILABLE'],
  ]
  for (const [answered, code] of cases)
    for (const body of ['', '<html>', '[]', 'null', '{"error_codes":["x"]}', '{"error_codes":7}'])
      t.equal(signInError(status(answered, body), sent).code, code, `${answered} ${body}`)
  t.equal(signInError({ kind: 'network', code: 'ECONNREFUSED' }, sent).code, 'AKV_NETWORK')
})

t.test('a pause that was asked for is handed on', async (t) => {
  t.equal(vaultError(status(429, '', 7000), asked).retryAfterMs, 7000)
  t.equal(signInError(status(503, '', 7000), sent).retryAfterMs, 7000)
})

t.test('an error never repeats what a host says in its own words', async (t) => {
  const secret = 'Bearer eyJhbGciOi.echo'
  const bodies = [
    secret,
    vaultBody(secret, secret),
    { error: secret, error_description: secret, error_codes: [secret] },
    { error_description: `AADSTS1 ${secret}` },
    { error: { code: 'x'.repeat(5000), innererror: { code: ['ForbiddenByRbac'] } } },
  ]
  for (const body of bodies)
    for (const answered of [302, 400, 401, 403, 404, 429, 500]) {
      for (const error of [
        vaultError(status(answered, body), asked),
        signInError(status(answered, body), sent),
      ]) {
        t.notMatch(error.message, /eyJ|echo/)
        t.ok(error.message.length < 300)
      }
    }
})
