import t from 'tap'
import type { KnownTimes } from '../../../keyvault/clients/server-time.ts'
import { signInError, vaultError } from '../../../keyvault/errors/classify.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const rightMs = Date.parse('2026-11-29T07:00:00Z')
const token = { issuedAtMs: rightMs - 10 * minuteMs, expiresAtMs: rightMs + 50 * minuteMs }
const sent = { clientId: 'c', tenantId: 't', claims: 'claims' }
const asked = { object: 'secret team-a:db', vault: 'team-a', principal: 'client c' }

const ofVault = (code: string, times?: KnownTimes) => {
  const { code: found, message } = vaultError({ kind: 'network', code }, { ...asked, times })
  return `${found}: ${message}`
}
const ofEntra = (code: string, times?: KnownTimes) => {
  const { code: found, message } = signInError({ kind: 'network', code }, { ...sent, times })
  return `${found}: ${message}`
}

t.test('a certificate that isn’t valid now shows a wrong clock, and by how much', async (t) => {
  const behind = { wallMs: rightMs - 200 * minuteMs }
  const ahead = { wallMs: rightMs + 50 * hourMs }
  for (const [found, expected] of [
    [
      ofVault('CERT_NOT_YET_VALID', { ...behind, serverMs: rightMs }),
      "AKV_CLOCK: the certificate of vault team-a is not valid yet by the clock of this machine, which is 3 hours behind the time in Azure's last answer (CERT_NOT_YET_VALID)",
    ],
    [
      ofVault('CERT_HAS_EXPIRED', { ...ahead, serverMs: rightMs, token }),
      "AKV_CLOCK: the certificate of vault team-a has expired by the clock of this machine, which is 2 days ahead of the time in Azure's last answer (CERT_HAS_EXPIRED)",
    ],
    [
      ofEntra('CERT_NOT_YET_VALID', { ...behind, token }),
      "AKV_CLOCK: the certificate of Entra is not valid yet by the clock of this machine, which is at least 3 hours behind the API server's, which issued the service account token (CERT_NOT_YET_VALID)",
    ],
    [
      ofEntra('CERT_HAS_EXPIRED', { ...ahead, token }),
      'AKV_CLOCK: the certificate of Entra has expired by the clock of this machine, which is at least 2 days past the expiry of the service account token, which the kubelet renews in time (CERT_HAS_EXPIRED)',
    ],
    [
      ofEntra('CERT_NOT_YET_VALID', { wallMs: 0, token }),
      /AKV_CLOCK: .* at least 20786 days behind the API server's/,
    ],
  ] as const)
    t.match(found, expected)
})

t.test('without a witness, or one that says the opposite, it is the certificate', async (t) => {
  const untrusted = (is: string) =>
    `AKV_TLS_UNTRUSTED: the certificate of Entra ${is} by the clock of this machine, which says 2026-11-29 07:00 UTC`
  const now = { wallMs: rightMs }
  const later = { issuedAtMs: rightMs + hourMs, expiresAtMs: rightMs + 2 * hourMs }
  const earlier = { issuedAtMs: rightMs - 3 * hourMs, expiresAtMs: rightMs - 2 * hourMs }
  for (const times of [
    now,
    { ...now, token },
    { ...now, token: {} },
    { ...now, serverMs: rightMs + 4 * minuteMs, token: later },
    { ...now, serverMs: rightMs - hourMs },
    { ...now, token: earlier },
    { ...now, token: { issuedAtMs: rightMs + 4 * minuteMs } },
  ])
    t.match(ofEntra('CERT_NOT_YET_VALID', times), untrusted('is not valid yet'))
  for (const times of [
    now,
    { ...now, serverMs: rightMs + hourMs },
    { ...now, serverMs: rightMs - 4 * minuteMs, token: earlier },
    { ...now, token: later },
    { ...now, token: { expiresAtMs: rightMs - 4 * minuteMs } },
  ])
    t.match(ofEntra('CERT_HAS_EXPIRED', times), untrusted('has expired'))
  const wrong = { wallMs: rightMs, serverMs: rightMs + 9 * hourMs, token: later }
  for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'ERR_TLS_CERT_ALTNAME_INVALID'])
    t.match(ofEntra(code, wrong), /^AKV_TLS_UNTRUSTED: the certificate of Entra is not trusted/)
  t.match(ofEntra('ECONNREFUSED', wrong), /^AKV_NETWORK: /)
  t.match(ofVault('CERT_HAS_EXPIRED'), /^AKV_TLS_UNTRUSTED: .* is not trusted \(CERT_HAS_EXPIRED\)/)
})

t.test('a token that Entra finds expired shows whose clock is wrong', async (t) => {
  const body = JSON.stringify({ error_codes: [700024] })
  const refused = { kind: 'status', status: 401, body, retryAfterMs: undefined } as const
  const show = (times?: KnownTimes) => {
    const { code, message } = signInError(refused, { ...sent, times })
    return `${code}: ${message}`
  }
  const sentence =
    'client c in tenant t: Entra finds the token expired or not valid yet; it has claims'
  const expired = { issuedAtMs: rightMs - 3 * hourMs, expiresAtMs: rightMs - 2 * hourMs }
  const future = { issuedAtMs: rightMs + 3 * hourMs, expiresAtMs: rightMs + 4 * hourMs }
  for (const [times, expected] of [
    [undefined, `AKV_ASSERTION_EXPIRED: ${sentence} (AADSTS700024)`],
    [{ wallMs: rightMs, token }, `AKV_ASSERTION_EXPIRED: ${sentence} (AADSTS700024)`],
    [
      { wallMs: rightMs, serverMs: rightMs, token: expired },
      `AKV_ASSERTION_EXPIRED: ${sentence}; by Entra's clock, the token expired 2 hours ago (AADSTS700024)`,
    ],
    [
      { wallMs: rightMs, serverMs: rightMs, token: future },
      `AKV_ASSERTION_EXPIRED: ${sentence}; the API server, which issued the token, has a clock that is 3 hours ahead of Entra's (AADSTS700024)`,
    ],
    [
      { wallMs: rightMs - 6 * minuteMs, serverMs: rightMs, token: expired },
      `AKV_CLOCK: ${sentence}; by Entra's clock, the token expired 2 hours ago; the clock of this machine is 6 minutes behind the time in Azure's last answer (AADSTS700024)`,
    ],
  ] as const)
    t.equal(show(times), expected)
})
