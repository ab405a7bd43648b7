import t from 'tap'
import { tlsFiles } from '../../../keyvault/certificates/tls-files.ts'
import { fixture, fixtureText, openssl, parsedValue } from '../formats/fixtures.ts'

const pfxSecret = (name: string) => ({
  value: fixture(`${name}.pfx`).toString('base64'),
  contentType: 'application/x-pkcs12',
})
const pemSecret = (...names: string[]) => ({
  value: names.map(fixtureText).join(''),
  contentType: 'application/x-pem-file',
})

t.test('a chain becomes leaf and intermediate, the key, and the root', async (t) => {
  const expected = {
    'tls.crt': fixtureText('leaf.crt') + fixtureText('intermediate.crt'),
    'tls.key': fixtureText('leaf.key'),
    'ca.crt': fixtureText('root.crt'),
  }
  t.strictSame(await tlsFiles(pfxSecret('chain-rc2-40')), { kind: 'valid', value: expected })
  const stored = pemSecret('root.crt', 'leaf-pkcs1.key', 'intermediate.crt', 'leaf.crt')
  t.strictSame(await tlsFiles(stored), { kind: 'valid', value: expected }, 'PEM, in disorder')
  const more = pemSecret(
    'leaf.key',
    'unrelated.crt',
    'leaf.crt',
    'root.crt',
    'intermediate.crt',
    'leaf.crt',
  )
  t.strictSame(
    await tlsFiles(more),
    { kind: 'valid', value: expected },
    'duplicates and unrelated ones are not sent',
  )
})

t.test('openssl verifies the files with one another', async (t) => {
  const files = parsedValue(await tlsFiles(pfxSecret('chain-ec-p521')))
  const verified = openssl(
    ['verify', '-no-CApath', '-CAfile', 'ca.crt', '-untrusted', 'tls.crt', 'tls.crt'],
    { ...files },
  )
  t.equal(verified.trim(), 'tls.crt: OK')
  const ofKey = openssl(['pkey', '-in', 'tls.key', '-pubout'], { ...files })
  t.equal(openssl(['x509', '-in', 'tls.crt', '-noout', '-pubkey'], { ...files }), ofKey)
})

t.test('a self-signed leaf is its own root', async (t) => {
  const [crt, key] = [fixtureText('self-signed.crt'), fixtureText('self-signed.key')]
  t.strictSame(await tlsFiles(pfxSecret('self-signed')), {
    kind: 'valid',
    value: { 'tls.crt': crt, 'tls.key': key, 'ca.crt': crt },
  })
})

t.test('without a root certificate, a TLS Secret has no ca.crt', async (t) => {
  const without = parsedValue(await tlsFiles(pemSecret('leaf.key', 'leaf.crt', 'intermediate.crt')))
  t.strictSame(Object.keys(without), ['tls.crt', 'tls.key'])
  const authority = parsedValue(await tlsFiles(pemSecret('leaf.key', 'leaf.crt', 'leaf.crt')))
  t.strictSame(Object.keys(authority), ['tls.crt', 'tls.key'], 'nor of a leaf that is there twice')
})

t.test('a root without the intermediate below it is written all the same', async (t) => {
  const leaf = { 'tls.crt': fixtureText('leaf.crt'), 'tls.key': fixtureText('leaf.key') }
  const cases: [string[], string][] = [
    [['root.crt'], 'root.crt'],
    [['self-signed.crt', 'root.crt'], 'self-signed.crt'],
    [['root.crt', 'self-signed.crt'], 'root.crt'],
  ]
  for (const [others, root] of cases)
    t.strictSame(
      await tlsFiles(pemSecret('leaf.key', 'leaf.crt', ...others)),
      { kind: 'valid', value: { ...leaf, 'ca.crt': fixtureText(root) } },
      others.join(', then '),
    )
  const whole = pemSecret('leaf.key', 'self-signed.crt', 'leaf.crt', 'root.crt', 'intermediate.crt')
  t.match(
    await tlsFiles(whole),
    { value: { 'ca.crt': fixtureText('root.crt') } },
    'the one that the chain ends in goes before others',
  )
})

t.test('a TLS Secret gets the key of the leaf if the object has several keys', async (t) => {
  const files = parsedValue(await tlsFiles(pemSecret('ec-p384.key', 'leaf.key', 'leaf.crt')))
  t.equal(files['tls.key'], fixtureText('leaf.key'))
})

t.test('a certificate without a key is refused, with what to change in its policy', async (t) => {
  for (const secret of [pfxSecret('no-key'), pemSecret('leaf.crt', 'root.crt')])
    t.match(await tlsFiles(secret), {
      problem:
        /not exportable: set "exportable": true under "key_props" in the certificate's policy/,
    })
})

t.test('a key of another certificate is refused', async (t) => {
  t.match(await tlsFiles(pemSecret('ec-p256.key', 'leaf.crt', 'intermediate.crt')), {
    problem: /the private key does not match any of the certificates stored with it/,
  })
})

t.test('a TLS value that can’t be read is refused with a reason', async (t) => {
  t.match(await tlsFiles({ value: '', contentType: 'text/plain' }), { problem: /content type/ })
  t.match(await tlsFiles(pfxSecret('with-password')), { problem: /has a password/ })
})
