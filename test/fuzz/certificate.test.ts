import fc from 'fast-check'
import t from 'tap'
import {
  certificatePfx,
  certificateSecretPem,
  readCertificateSecret,
} from '../../keyvault/certificates/certificate-secret.ts'
import { tlsFiles } from '../../keyvault/certificates/tls-files.ts'
import { writePem } from '../../keyvault/formats/pem.ts'
import { publicKeyPem } from '../../keyvault/formats/public-key.ts'
import { createCpuBudget } from '../../lib/cpu-budget.ts'
import { certificateDer, keyDer } from '../keyvault/formats/fixtures.ts'
import { anyCharacter } from '../support/any-character.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertParsed, mutated } from './harness/hostile.ts'

const certificates = ['leaf', 'intermediate', 'root', 'self-signed', 'ec-p256', 'ec-p521'].map(
  certificateDer,
)
const keys = ['leaf', 'self-signed', 'ec-p256', 'ec-p521'].map(keyDer)

const block = (label: string, samples: readonly Uint8Array[]) =>
  fc
    .oneof(
      { weight: 2, arbitrary: fc.constantFrom(...samples) },
      { weight: 1, arbitrary: mutated(samples) },
    )
    .map((der) => writePem({ label, der }))
const pem = fc
  .tuple(
    fc.array(block('PRIVATE KEY', keys), { maxLength: 2 }),
    fc.array(block('CERTIFICATE', certificates), { maxLength: 5 }),
  )
  .map((parts) => parts.flat().join(''))

t.test('a PEM of a certificate gives every form of it, or a problem', async (t) => {
  await fuzz(
    t,
    fc.asyncProperty(pem, async (value) => {
      const secret = { value, contentType: 'application/x-pem-file' }
      const budget = createCpuBudget({ giveWay: async () => {} })
      const material = assertParsed(await readCertificateSecret(secret, budget))
      assertParsed(await certificateSecretPem(secret, budget))
      const files = assertParsed(await tlsFiles(secret, budget))
      const pfx = assertParsed(await certificatePfx(secret, budget))
      if (material === undefined && (files ?? pfx) !== undefined)
        throw new Error('a form of what cannot be read')
      const size = Object.values(files ?? {}).join('').length
      // The output has keys as PKCS#8, which can be a little longer than the input.
      if (size > 2 * value.length) throw new Error(`${size} characters out of ${value.length}`)
    }),
  )
})

t.test('any public key gives a PEM or a problem', async (t) => {
  const number = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: anyCharacter, maxLength: 20 }),
    fc.base64String({ maxLength: 400 }),
    fc.constantFrom('AQAB', 'Aw', 'AA', ''),
  )
  const jwk = fc.record(
    {
      kty: fc.constantFrom('RSA', 'EC', 'RSA-HSM', 'EC-HSM', 'oct', 'constructor', '\u202e'),
      crv: fc.constantFrom('P-256', 'P-384', 'P-521', 'P-256K', 'toString', '\0'),
      n: number,
      e: number,
      x: number,
      y: number,
    },
    { requiredKeys: [] },
  )
  await fuzz(
    t,
    fc.property(jwk, (jwk) => {
      const pem = assertParsed(publicKeyPem(jwk))
      if (pem !== undefined && !pem.startsWith('-----BEGIN PUBLIC KEY-----'))
        throw new Error('this is not a public key')
    }),
  )
})
