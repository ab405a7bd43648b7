import fc from 'fast-check'
import { decodeJwt } from 'jose'
import t from 'tap'
import { checkAssertion } from '../../emulator/entra/check-assertion.ts'
import { createSigner } from '../../emulator/entra/signer.ts'
import { createFaults } from '../../emulator/faults/faults.ts'
import { openPem, openPfx } from '../../emulator/material/open-certificate.ts'
import { readImportBody } from '../../emulator/vault/bodies/import-body.ts'
import { readSecretBody } from '../../emulator/vault/bodies/secret-body.ts'
import { pageOf } from '../../emulator/vault/operations/paging.ts'
import { numRuns } from '../support/property-runs.ts'
import { openssl, opensslBytes } from './openssl.ts'

const segment = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url')

t.test('only a valid assertion passes, and none makes the emulator throw', async (t) => {
  const signer = await createSigner()
  const now = new Date('2026-06-01T12:00:00Z')
  const good = { iss: 'https://i', sub: 's', aud: 'a', exp: now.getTime() / 1000 + 60 }
  const check = (assertion: string) =>
    checkAssertion(assertion, {
      identity: { clientId: 'c', federatedCredentials: [{ subject: 's', audience: 'a' }] },
      defaultIssuer: 'https://i',
      keysOf: async () => signer.findKey,
      now,
    })
  t.equal(await check(await signer.sign(good)), undefined)

  const claim = fc.oneof(fc.constantFrom(...Object.values(good)), fc.jsonValue())
  const claims = fc.oneof(
    fc.record({ iss: claim, sub: claim, aud: claim, exp: claim, nbf: claim }, { requiredKeys: [] }),
    fc.jsonValue(),
  )
  const header = fc.record(
    {
      alg: fc.constantFrom('RS256', 'none', 'HS256', 'ES256'),
      kid: claim,
      crit: claim,
      b64: claim,
    },
    { requiredKeys: [] },
  )
  const forged = fc
    .tuple(header, claims, fc.base64String())
    .map(([head, body, signature]) => `${segment(head)}.${segment(body)}.${signature}`)
  await fc.assert(
    fc.asyncProperty(fc.oneof(forged, fc.string()), async (assertion) => {
      t.type((await check(assertion))?.code, 'number')
    }),
    { numRuns },
  )
  // Signed by the right key, but saying something else.
  const odd = fc.record({ exp: fc.jsonValue(), nbf: fc.jsonValue(), aud: fc.jsonValue() })
  await fc.assert(
    fc.asyncProperty(odd, async (more) => {
      const assertion = await signer.sign({ ...good, ...Object(more) }).catch(() => undefined)
      if (assertion === undefined) return
      const refusal = await check(assertion)
      const { exp, nbf, aud } = decodeJwt(assertion)
      const isGood =
        typeof exp === 'number' &&
        exp > 0 &&
        [aud].flat().includes('a') &&
        typeof (nbf ?? 0) === 'number'
      t.ok(refusal !== undefined || isGood, JSON.stringify(more))
    }),
    { numRuns: 50 },
  )
})

t.test('every body is read or refused without an exception', async () => {
  const attributes = fc.dictionary(fc.constantFrom('enabled', 'nbf', 'exp'), fc.jsonValue())
  const body = fc.record(
    { value: fc.jsonValue(), contentType: fc.jsonValue(), tags: fc.jsonValue(), attributes },
    { requiredKeys: [] },
  )
  const text = fc.oneof(
    body.map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string(),
  )
  fc.assert(
    fc.property(text, (body) => {
      const read = readSecretBody(body)
      if (read.kind === 'invalid') return read.problem !== ''
      const { notBefore, expires } = read.value.change
      return [notBefore, expires].every((time) => !Number.isNaN(time?.getTime() ?? 0))
    }),
    { numRuns },
  )
})

t.test('the pages show every item once, in a stable order', async () => {
  const keys = fc.uniqueArray(fc.stringMatching(/^[0-9a-z-]{1,20}$/), { maxLength: 120 })
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 25 }), (names, size) => {
      const items = new Map(names.map((name) => [name, name]))
      const request = { url: 'https://h/secrets', apiVersion: '7.6', maxResults: String(size) }
      const shown: string[] = []
      let skipToken: string | undefined
      do {
        const page = pageOf(items, { ...request, skipToken })
        if (page.kind === 'invalid') return false
        const { value, nextLink } = page.value
        if (value.length > size) return false
        shown.push(...value)
        skipToken = new URL(nextLink ?? request.url).searchParams.get('$skiptoken') ?? undefined
      } while (skipToken !== undefined)
      return shown.join() === names.toSorted().join()
    }),
  )
})

t.test('the number of faults is bounded', async (t) => {
  const faults = createFaults(() => new Date(0))
  const fault = { action: { kind: 'reset' } } as const
  for (let added = 0; added < 1000; added += 1) faults.add(fault)
  t.throws(() => faults.add(fault), /1000 faults already: clear them first/)
  faults.clear()
  t.doesNotThrow(() => faults.add(fault))
})

t.test('every certificate is read or refused without an exception', async (t) => {
  const pem = openssl([
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
    ...['-keyout', '-', '-subj', '/CN=a'],
  ])
  const pfx = opensslBytes(['pkcs12', '-export', '-passout', 'pass:', '-iter', '1'], pem)
  const damaged = (whole: Buffer) =>
    fc.tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length)).map(([at, byte, end]) => {
      const copy = Buffer.from(whole)
      copy[at] = byte
      return copy.subarray(0, end % 2 === 0 ? end : whole.length)
    })
  const hostile = fc.oneof(
    fc.uint8Array().map(Buffer.from),
    damaged(pfx),
    damaged(Buffer.from(pem)),
  )
  fc.assert(
    fc.property(hostile, (bytes) => {
      for (const text of [bytes.toString('base64'), bytes.toString('latin1')]) {
        const opened = [openPfx(text, ''), openPem(text)]
        for (const imported of opened) t.ok(imported === undefined || imported.contentType)
        const body = readImportBody(JSON.stringify({ value: text }))
        t.equal(
          body.kind === 'valid',
          opened.some((imported) => imported !== undefined),
        )
      }
    }),
    { numRuns: 200 },
  )
  fc.assert(
    fc.property(
      fc.oneof(fc.json(), fc.string()),
      (text) => readImportBody(text).kind === 'invalid',
    ),
  )
})
