import type { EphemeralKeyInfo, SecureVersion } from 'node:tls'
import t from 'tap'
import { exampleReview } from './review.ts'
import { serve } from './running-webhook.ts'
import { openSocket, post } from './serving.ts'

/** What Go's crypto/tls has offered since 1.24, before, and in FIPS 140 mode, best first, and OpenSSL's name for the first one. */
const offers = [
  { offer: ['X25519MLKEM768', 'X25519', 'P-256', 'P-384', 'P-521'], best: 'X25519MLKEM768' },
  { offer: ['X25519', 'P-256', 'P-384', 'P-521'], best: 'X25519' },
  { offer: ['P-256', 'P-384', 'P-521'], best: 'prime256v1' },
]

t.test('the webhook accepts the groups that API servers offer', async (t) => {
  const { caller } = await serve(t)
  async function groupOf(offer: readonly string[], version: SecureVersion) {
    const only = { minVersion: version, maxVersion: version }
    const socket = await openSocket(caller, { ecdhCurve: offer.join(':'), ...only })
    const { name } = socket.getEphemeralKeyInfo() as EphemeralKeyInfo
    socket.destroy()
    return name
  }
  for (const { offer, best } of offers) t.equal(await groupOf(offer, 'TLSv1.3'), best)
  for (const { offer, best } of offers.slice(1)) t.equal(await groupOf(offer, 'TLSv1.2'), best)
  for (const [group, name] of [
    ['X25519MLKEM768', 'X25519MLKEM768'],
    ['X25519', 'X25519'],
    ['P-256', 'prime256v1'],
    ['P-384', 'secp384r1'],
  ] as const)
    t.equal(await groupOf([group], 'TLSv1.3'), name)
  t.equal(await groupOf(['P-521', 'P-384'], 'TLSv1.3'), 'secp384r1', 'by a second hello')
  t.equal((await post(caller, JSON.stringify(exampleReview()))).status, 200)
})

t.test('it refuses other groups', async (t) => {
  const { caller } = await serve(t)
  const others = ['P-521', 'X448', 'ffdhe2048', 'SecP384r1MLKEM1024', 'brainpoolP512r1tls13']
  for (const ecdhCurve of others)
    await t.rejects(
      openSocket(caller, { ecdhCurve, minVersion: 'TLSv1.3' }),
      /handshake failure/,
      ecdhCurve,
    )
  const old = { ecdhCurve: 'P-521', maxVersion: 'TLSv1.2' } as const
  await t.rejects(openSocket(caller, old), /handshake failure/, 'with TLS 1.2')
})
