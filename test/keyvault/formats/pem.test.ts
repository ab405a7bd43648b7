import fc from 'fast-check'
import t from 'tap'
import {
  readKeyMaterial,
  readPem,
  writeKeyMaterial,
  writePem,
} from '../../../keyvault/formats/pem.ts'
import { certificateDer, fixtureText, keyDer, openssl, parsedValue } from './fixtures.ts'

t.test('a block is written as openssl writes it', async (t) => {
  for (const name of ['leaf', 'ec-p256', 'ec-p521']) {
    const label = 'CERTIFICATE'
    t.equal(writePem({ label, der: certificateDer(name) }), fixtureText(`${name}.crt`), name)
    t.equal(writePem({ label: 'PRIVATE KEY', der: keyDer(name) }), fixtureText(`${name}.key`), name)
  }
  // RFC 7468 doesn't allow the last two labels, but Go writes and reads them.
  for (const label of ['', 'X-Y', '-', 'X-']) {
    const block = { label, der: Buffer.from('any') }
    t.strictSame(parsedValue(readPem(writePem(block))), [block], `the label “${label}”`)
  }
  for (const length of [47, 48, 49]) {
    const pem = writePem({ label: 'X', der: Buffer.alloc(length, 1) })
    t.ok(
      pem.split('\n').every((line) => line.length <= 64),
      `${length} bytes`,
    )
    t.strictSame(parsedValue(readPem(pem)), [{ label: 'X', der: Buffer.alloc(length, 1) }])
  }
})

t.test('several blocks are read, and the text between them is not', async (t) => {
  const printed = openssl(['x509', '-in', 'leaf.crt', '-text'], {
    'leaf.crt': fixtureText('leaf.crt'),
  })
  const text = `Bag Attributes\n  localKeyID: 01\n${fixtureText('leaf.key')}\n${printed}${fixtureText('root.crt')}`
  const expected = { keys: [keyDer('leaf')], certificates: ['leaf', 'root'].map(certificateDer) }
  t.strictSame(parsedValue(readKeyMaterial(text)), expected)
  t.strictSame(parsedValue(readKeyMaterial(text.replaceAll('\n', '\r\n'))), expected)
  t.strictSame(parsedValue(readKeyMaterial(text.trimEnd())), expected, 'without a last line break')
})

t.test('PKCS#1 and SEC1 keys become PKCS#8', async (t) => {
  const parameters = openssl(['ecparam', '-name', 'prime256v1'])
  for (const [text, name] of [
    [fixtureText('leaf-pkcs1.key'), 'leaf'],
    [parameters + fixtureText('ec-p256-sec1.key'), 'ec-p256'],
  ] as const) {
    const { keys } = parsedValue(readKeyMaterial(text))
    t.strictSame(keys, [keyDer(name)], name)
    t.equal(writeKeyMaterial({ keys, certificates: [] }), fixtureText(`${name}.key`), name)
  }
})

t.test(
  'a mistake in a PEM is reported with its place, and without any part of the key',
  async (t) => {
    const key = fixtureText('leaf.key')
    const body = key.split('\n')[3] ?? ''
    const encrypted = openssl(['pkey', '-in', 'key', '-aes256', '-passout', 'pass:x'], { key })
    const traditional = openssl(
      ['pkey', '-in', 'key', '-traditional', '-aes256', '-passout', 'pass:x'],
      { key },
    )
    const notOfKind =
      /block 1 of the PEM isn't a valid private key of the type that its label names/
    const cases: [string, string, RegExp][] = [
      ['cut short', key.slice(0, 900), /the PEM is truncated: its last block has no END line/],
      [
        'two beginnings',
        key.slice(0, 900).concat('\n', key),
        /line \d+ .*begins inside another one/,
      ],
      [
        'another end',
        key.replace('END PRIVATE', 'END PUBLIC'),
        /line 28 .*doesn't match a BEGIN line/,
      ],
      [
        'an end alone',
        '-----END PRIVATE KEY-----',
        /line 1 of the PEM: this END line doesn't match/,
      ],
      ['no base64', key.replace(body, `${body.slice(0, -2)}!!`), /line 28 .*is not base64/],
      ['empty', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----', /line 2 .*not base64/],
      ['encrypted', encrypted, /block 1 of the PEM is a private key with a password/],
      ['with headers', traditional, /is encrypted or has headers/],
      [
        'key is none',
        fixtureText('root.crt').replaceAll('CERTIFICATE', 'RSA PRIVATE KEY'),
        notOfKind,
      ],
      [
        'certificate is none',
        key.replaceAll('PRIVATE KEY', 'CERTIFICATE'),
        /isn't a valid certificate/,
      ],
      ['key lacks a line', key.replace(`${body}\n`, ''), notOfKind],
      ['many', fixtureText('ec-p256.crt').repeat(51), /more than 50 blocks/],
    ]
    for (const [name, text, problem] of cases) {
      const result = readKeyMaterial(text)
      t.match(result, { problem }, name)
      t.notMatch(result, { problem: body.slice(0, 8) }, name)
    }
  },
)

t.test('blocks of other kinds, and texts without any, are not in the way', async (t) => {
  const none = { keys: [], certificates: [] }
  t.strictSame(parsedValue(readKeyMaterial('')), none)
  t.strictSame(parsedValue(readKeyMaterial('hello')), none)
  t.strictSame(parsedValue(readKeyMaterial(openssl(['ecparam', '-name', 'secp384r1']))), none)
})

t.test('any change of a PEM is read or refused', async (t) => {
  const text = fixtureText('ec-p256.key') + fixtureText('ec-p256.crt')
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(60), fc.string({ maxLength: 8 }), (at, cut, put) => {
      const result = readKeyMaterial(text.slice(0, at) + put + text.slice(at + cut))
      return result.kind === 'valid' || result.problem.length > 0
    }),
    { numRuns: 1000 },
  )
  // If this took quadratic time, the test would run into its file's timeout.
  const long = '-----BEGIN '.repeat(1_000_000)
  t.ok(readPem(`${long}\n${'-----BEGIN A-----'.repeat(500_000)}`))
  t.ok(readPem(`-----BEGIN ${'A-'.repeat(2_000_000)}`))
})
