import t from 'tap'
import { filterPem } from '../../../../delivery/go-template/functions/pem-functions.ts'
import { fixtureText, openssl } from '../../../keyvault/formats/fixtures.ts'

const certificates = (...names: readonly string[]): string =>
  names.map((name) => openssl(['x509', '-in', 'crt'], { crt: fixtureText(`${name}.crt`) })).join('')

t.test('filterPEM picks the blocks of a kind', async (t) => {
  const [crt, key] = [fixtureText('leaf.crt'), fixtureText('leaf.key')]
  t.equal(filterPem('certificate', `${key}${crt}`), certificates('leaf'))
  t.equal(filterPem('X509 CRL', crt), '')
  t.equal(filterPem('CERTIFICATE', ''), '')
  t.throws(() => filterPem('CERTIFICATE', 'text'), { message: 'filterPEM: its value is not PEM' })
  t.throws(() => filterPem('CERTIFICATE', crt.slice(0, 200)), { message: /is truncated/ })
})

t.test('filterPEM ignores what the operator ignores', async (t) => {
  const [crt, key] = [fixtureText('leaf.crt'), fixtureText('leaf.key')]
  const encrypted = key.replace(
    '-----BEGIN PRIVATE KEY-----\n',
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n',
  )
  const encryptedKey = encrypted.replace('END PRIVATE', 'END RSA PRIVATE')
  const noBase64 = '-----BEGIN X-----\n***\n-----END X-----\n'
  const empty = '-----BEGIN X-----\n-----END X-----\n'
  for (const text of [
    `junk${crt}`,
    `${encryptedKey}${crt}`,
    `${crt}Bag Attributes\n    a: b\n${encryptedKey}text`,
    `${noBase64}\n${crt}${empty}`,
  ])
    t.equal(filterPem('CERTIFICATE', text), certificates('leaf'), text)
})

t.test('filterPEM fails for a damaged block, which the operator would leave out', async (t) => {
  const [crt, key] = [fixtureText('leaf.crt'), fixtureText('leaf.key')]
  const half = crt.slice(0, crt.length / 2)
  const cases: readonly [text: string, problem: RegExp][] = [
    [`${half}\n${crt}`, /a block begins inside another one$/],
    [`${crt}${half}`, /the PEM is truncated: its last block has no END line$/],
    [`${crt}${key.slice(0, 100)}\n`, /the PEM is truncated/],
    [`${crt}-----END X-----\n`, /this END line doesn't match a BEGIN line$/],
    [crt.replace('MII', '***').concat(crt), /the block that ends there is not base64$/],
    [crt.replace('MII', 'a: b\n\nMII').concat(crt), /is encrypted or has headers/],
  ]
  for (const [text, message] of cases)
    t.throws(() => filterPem('CERTIFICATE', text), { message }, text)
})

t.test('filterPEM fails where the operator does', async (t) => {
  const [crt, key] = [fixtureText('leaf.crt'), fixtureText('leaf.key')]
  t.equal(filterPem('CERTIFICATE', `subject=web\n${crt}and more`), certificates('leaf'))
  t.equal(filterPem('CERTIFICATE', key.trimEnd()), '')
  for (const text of [`${key}\n`, `${key}-----END X-----`, key.replace('MII', '***')])
    t.throws(() => filterPem('CERTIFICATE', text), { message: /^filterPEM: / }, text)
  t.throws(() => filterPem('CERTIFICATE', crt.replaceAll('\n', '\r')), {
    message: /^filterPEM: a line ends with CR alone; accepted: /,
  })
})
