import fc from 'fast-check'
import t from 'tap'
import {
  certificatePfx,
  certificateSecretPem,
  readCertificateSecret,
} from '../../../keyvault/certificates/certificate-secret.ts'
import { tlsFiles } from '../../../keyvault/certificates/tls-files.ts'
import { numRuns } from '../../support/property-runs.ts'
import { fixture, fixtureText, openssl, parsedValue, pemBlocks } from '../formats/fixtures.ts'

const pfxSecret = (name: string) => ({
  value: fixture(`${name}.pfx`).toString('base64'),
  contentType: 'application/x-pkcs12',
})
const pemSecret = (value: string) => ({ value, contentType: 'application/x-pem-file' })

t.test('a PFX becomes PEM: keys, then leaf, intermediate and root, and nothing else', async (t) => {
  const authorities = fixtureText('intermediate.crt') + fixtureText('root.crt')
  for (const [name, leaf] of [
    ['chain-rc2-40', 'leaf'],
    ['chain-aes-256', 'leaf'],
    ['chain-attributes', 'leaf'],
    ['chain-ec-p384', 'ec-p384'],
  ] as const)
    t.equal(
      parsedValue(await certificateSecretPem(pfxSecret(name))),
      fixtureText(`${leaf}.key`) + fixtureText(`${leaf}.crt`) + authorities,
      name,
    )
  t.equal(
    parsedValue(await certificateSecretPem(pfxSecret('no-key'))),
    fixtureText('leaf.crt') + authorities,
  )
  const several = ['leaf', 'ec-p256', 'ec-p384']
  t.equal(
    parsedValue(await certificateSecretPem(pfxSecret('several-keys'))),
    [...several.map((n) => `${n}.key`), ...several.map((n) => `${n}.crt`)]
      .map(fixtureText)
      .join(''),
  )
})

t.test('openssl takes the same keys and certificates out of the PFX', async (t) => {
  const printed = openssl(['pkcs12', '-in', 'a.pfx', '-passin', 'pass:', '-nodes', '-legacy'], {
    'a.pfx': fixture('chain-attributes.pfx'),
  })
  const ours = parsedValue(await certificateSecretPem(pfxSecret('chain-attributes')))
  t.strictSame(pemBlocks(ours).toSorted(), pemBlocks(printed).toSorted())
})

t.test('a PEM-backed one stays as it is stored, byte for byte', async (t) => {
  const value = `\r\nof: me\n${fixtureText('leaf.crt').replaceAll('\n', '\r\n')}${fixtureText('leaf.key')}  `
  t.equal(parsedValue(await certificateSecretPem(pemSecret(value))), value)
})

t.test('type pfx is the stored bytes', async (t) => {
  t.strictSame(
    parsedValue(await certificatePfx(pfxSecret('chain-rc2-40'))),
    fixture('chain-rc2-40.pfx'),
  )
  const broken = { ...pfxSecret('chain-3des'), value: 'AAA' }
  t.match(await certificatePfx(broken), { problem: /the value is not base64/ })
})

t.test(
  'type pfx of a PEM-backed one is a PFX that openssl reads with an empty password',
  async (t) => {
    for (const leaf of ['leaf', 'ec-p521']) {
      const stored = ['root.crt', `${leaf}.crt`, 'intermediate.crt', `${leaf}.key`].map(fixtureText)
      const pfx = parsedValue(await certificatePfx(pemSecret(stored.join(''))))
      const info = openssl(['pkcs12', '-in', 'a.pfx', '-passin', 'pass:', '-nodes'], {
        'a.pfx': pfx,
      })
      t.strictSame(
        pemBlocks(info),
        [`${leaf}.crt`, 'intermediate.crt', 'root.crt', `${leaf}.key`].map(fixtureText),
      )
      t.equal(info.match(/localKeyID/g)?.length, 2, 'the key and its certificate carry one mark')
      const clientCertificates = openssl(
        ['pkcs12', '-in', 'a.pfx', '-passin', 'pass:', '-nokeys', '-clcerts'],
        { 'a.pfx': pfx },
      )
      t.strictSame(pemBlocks(clientCertificates), [fixtureText(`${leaf}.crt`)])
      const again = parsedValue(await certificatePfx(pemSecret(stored.toReversed().join(''))))
      t.strictSame(again, pfx, 'the same content gives the same bytes')
    }
  },
)

t.test('a PFX is built of certificates alone, too, and of many', async (t) => {
  const pfx = parsedValue(await certificatePfx(pemSecret(fixtureText('leaf.crt').repeat(40))))
  const info = openssl(['pkcs12', '-in', 'a.pfx', '-passin', 'pass:', '-nodes'], { 'a.pfx': pfx })
  t.equal(pemBlocks(info).length, 40)
})

t.test(
  'a secret without a certificate, or of another type, is refused with a sentence',
  async (t) => {
    const cases: [string, { value: string; contentType: string | undefined }, RegExp][] = [
      ['no PFX', { ...pfxSecret('no-key'), value: '' }, /can't be read/],
      ['no base64', { value: 'x', contentType: 'application/x-pkcs12' }, /not base64/],
      [
        'another type',
        { value: '', contentType: 'text/plain' },
        /is "text\/plain"; accepted: application\/x-pkcs12/,
      ],
      ['no type', { value: '', contentType: undefined }, /is ""; accepted/],
    ]
    for (const [name, secret, problem] of cases) {
      t.match(await certificateSecretPem(secret), { problem }, name)
    }
    t.match(await certificatePfx(pemSecret('')), {
      problem: /the secret that backs the certificate contains no certificate/,
    })
    t.match(await certificatePfx(pemSecret(fixtureText('leaf.key'))), { problem: /no certificate/ })
  },
)

t.test('certificates and keys with any change are read or refused', async (t) => {
  const bare = fixture('chain-bare.pfx')
  const change = fc.tuple(fc.nat(bare.length - 1), fc.integer({ min: 0, max: 255 }))
  let read = 0
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const bytes = Buffer.from(bare)
      for (const [at, byte] of changes) bytes[at] = byte
      const secret = { value: bytes.toString('base64'), contentType: 'application/x-pkcs12' }
      for (const answer of [await certificateSecretPem(secret), await tlsFiles(secret)]) {
        if (answer.kind === 'valid') read += 1
        else if (answer.problem === '') return false
      }
      return true
    }),
    { numRuns },
  )
  t.ok(read > numRuns / 10, `${read} changes left something to read`)
})

t.test('the same secret is taken apart once', async (t) => {
  const secret = pfxSecret('chain-3des')
  t.equal(await readCertificateSecret(secret), await readCertificateSecret(secret))
  t.not(await readCertificateSecret({ ...secret }), await readCertificateSecret(secret))
})
