import t from 'tap'
import { issueServerPem } from '../../../certs/issue.ts'
import { createServerTime } from '../../../keyvault/clients/server-time.ts'
import { createObjectReader } from '../../../keyvault/readers/object-reader.ts'
import { systemClock } from '../../../lib/clock.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { connectTo, secret, signInAt, startVault } from '../emulated-vault.ts'

const hourMs = 3_600_000
/** A certificate of a server whose clock differs from ours. */
const certificateAt = (aheadMs: number) =>
  issueServerPem('another clock', {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    now: new Date(Date.now() + aheadMs),
    lifetimeDays: 1,
  })

t.test('the time of the last answer goes on, whatever becomes of our clock', async (t) => {
  let nowMs = 1_000
  const clock = clockTimes(() => nowMs)
  const startMs = clock.wallTime()
  const serverTime = createServerTime(clock)
  t.strictSame(serverTime.times(), { wallMs: startMs })
  serverTime.record(new Date(startMs).toUTCString())
  nowMs += 60_000
  clock.step(-10 * 60_000)
  t.strictSame(serverTime.times(), { wallMs: startMs - 540_000, serverMs: startMs + 60_000 })
  for (const wrong of [undefined, '', '0', '2030-01-01', 'Xyz, 99', `Sun, ${'1'.repeat(1e6)}`])
    serverTime.record(wrong)
  t.equal(serverTime.times().serverMs, startMs + 60_000)
})

t.test(
  'Entra’s certificate that isn’t valid yet is a clock that is behind the token',
  async (t) => {
    const certificate = await certificateAt(5 * hourMs)
    const ahead = { certificate, now: () => new Date(Date.now() + 5 * hourMs) }
    const serverTime = createServerTime(systemClock)
    const signIn = await signInAt(t, await startVault(t, ahead), { serverTime })
    await t.rejects(signIn.token(), {
      code: 'AKV_CLOCK',
      message:
        /^the certificate of Entra is not valid yet by the clock of this machine, which is at least [45] hours behind the API server's.*\(CERT_NOT_YET_VALID\)$/,
    })
  },
)

t.test('a vault’s expired certificate is a clock that is ahead of Entra’s', async (t) => {
  const serverTime = createServerTime(systemClock)
  const late = { now: () => new Date(Date.now() - 30 * hourMs) }
  const entra = await startVault(t, late)
  const vault = await startVault(t, { certificate: await certificateAt(-30 * hourMs) })
  const signIn = await signInAt(t, entra, { serverTime })
  await signIn.token()
  const agent = connectTo(t, vault.caPem)
  const { token, principal } = signIn
  const reader = createObjectReader({
    vaultUrl: vault.vaultUrl,
    agent,
    token,
    principal,
    serverTime,
  })
  await t.rejects(reader.read(secret('db')), {
    code: 'AKV_CLOCK',
    message:
      /^the certificate of vault team-a has expired .* 30 hours ahead of the time in Azure's/,
  })
  t.equal(vault.requests.length, 0)
})

t.test('a token that Entra finds expired is a clock that is behind Entra’s', async (t) => {
  const serverTime = createServerTime(systemClock)
  // More than three hours: the time in an answer has whole seconds, and is late by as long as the answer takes.
  const entra = await startVault(t, { now: () => new Date(Date.now() + 3.5 * hourMs) })
  const old = await entra.serviceAccountToken({
    namespace: 'default',
    serviceAccount: 'web',
    expiresInSeconds: -7_200,
  })
  const signIn = await signInAt(t, entra, { serverTime, readAssertion: () => old })
  await t.rejects(signIn.token(), {
    code: 'AKV_CLOCK',
    message: /by Entra's clock, the token expired 2 hours ago; the clock .* is 3 hours behind/,
  })
})
