import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import {
  adminId,
  ask,
  authorization,
  certificateClient,
  keyClient,
  secretClient,
  start,
  webId,
} from './fixture.ts'
import { blocksOf, openssl, opensslBytes } from './openssl.ts'

const subject = 'system:serviceaccount:default:web'
const oldVersion = '0123456789abcdef0123456789abcdef'
const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** Made by openssl: a key and a certificate in PEM, and the same as PKCS#12 in its oldest form. */
const madePem = openssl([
  ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '-', '-days', '30'],
  ...['-subj', '/O=Contoso/CN=made.example', '-addext', 'subjectAltName=DNS:made.example'],
])
const madePfx = (...args: readonly string[]) =>
  opensslBytes(['pkcs12', '-export', '-passout', 'pass:', ...args], madePem).toString('base64')
const oldPfx = madePfx('-legacy')
const indented = madePem.trim().replaceAll('\n', '\n          ')

const emulator = await start(t, {
  yaml: `
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: '${subject}' }] }
  - { clientId: ${adminId}, federatedCredentials: [{ subject: '${subject}' }] }
vaults:
  team-a:
    readers: [${webId}]
    writers: [${adminId}]
    secrets: { plain: x }
    keys: { other: {} }
    certificates:
      Web: {}
      named:
        subject: CN=named.example, O=Contoso
        dnsNames: [named.example, '*.named.example']
        contentType: application/x-pem-file
        lifetimeDays: 90
        tags: { team: a }
      rsa: { type: RSA, issuer: { intermediates: 2 } }
      p384: { curve: P-384, issuer: { intermediates: 0 } }
      p521: { type: EC, curve: P-521, issuer: { root: false } }
      kept: { exportable: false, issuer: {} }
      kept-pem: { type: EC-HSM, contentType: application/x-pem-file }
      expired: { expires: 2020-01-01T00:00:00Z, lifetimeDays: 30, issuer: {} }
      disabled: { versions: [{ version: ${oldVersion} }, { enabled: false }] }
      gone: { deleted: true }
      pfx: { pfx: ${oldPfx} }
      pfx-kept: { pfx: ${madePfx()}, exportable: false }
      pem:
        pem: |
          ${indented}
`,
})
const certificates = certificateClient(emulator)
const secrets = secretClient(emulator)
const keys = keyClient(emulator)
const headers = await authorization(emulator)
const get = (path: string, query = '') =>
  ask(emulator, `/team-a/${path}?api-version=2025-07-01${query}`, { headers })

const valueFor = async (name: string) => (await secrets.getSecret(name)).value ?? ''
/** The secret as openssl takes it apart. */
const unpacked = async (name: string) =>
  openssl(['pkcs12', '-passin', 'pass:', '-nodes'], Buffer.from(await valueFor(name), 'base64'))
const certificatesOf = (pem: string) =>
  blocksOf('CERTIFICATE', pem).map((block) => new X509Certificate(block))

t.test('a certificate is three objects of one version that belong together', async (t) => {
  const certificate = await certificates.getCertificate('web')
  const { version } = certificate.properties
  const key = await keys.getKey('web')
  const secret = await secrets.getSecret('web')
  t.match(certificate, {
    name: 'Web',
    properties: { id: `https://team-a.vault.azure.net/certificates/Web/${version}` },
  })
  t.equal(certificate.keyId, `https://team-a.vault.azure.net/keys/Web/${version}`)
  t.equal(certificate.secretId, `https://team-a.vault.azure.net/secrets/Web/${version}`)
  t.match(key, { id: certificate.keyId, properties: { managed: true, version } })
  t.match(secret.properties, {
    id: certificate.secretId,
    managed: true,
    contentType: 'application/x-pkcs12',
    certificateKeyId: certificate.keyId,
  })
  const leaf = new X509Certificate(certificate.cer ?? '')
  const [own] = certificatesOf(await unpacked('web'))
  t.same(own?.raw, leaf.raw)
  t.same(certificate.properties.x509Thumbprint, createHash('sha1').update(leaf.raw).digest())
  t.equal(
    leaf.publicKey.export({ format: 'jwk' }).x,
    Buffer.from(key.key?.x ?? []).toString('base64url'),
  )
  const [privateKey = ''] = blocksOf('PRIVATE KEY', await unpacked('web'))
  t.equal(
    openssl(['pkey', '-pubout'], privateKey),
    leaf.publicKey.export({ type: 'spki', format: 'pem' }),
  )
})

t.test('openssl verifies every chain and finds the requested properties', async (t) => {
  const cases: [string, string, string[]][] = [
    ['Web', 'NIST CURVE: P-256', ['CN=Web']],
    [
      'rsa',
      'Public-Key: (2048 bit)',
      ['CN=rsa', 'CN=rsa intermediate 2', 'CN=rsa intermediate 1', 'CN=rsa root'],
    ],
    ['p384', 'NIST CURVE: P-384', ['CN=p384', 'CN=p384 root']],
    ['p521', 'NIST CURVE: P-521', ['CN=p521', 'CN=p521 intermediate 1']],
  ]
  for (const [name, text, subjects] of cases) {
    const chain = certificatesOf(await unpacked(name))
    t.strictSame(
      chain.map((certificate) => certificate.subject),
      subjects,
      name,
    )
    const [leaf = '', ...above] = chain.map(String)
    t.match(openssl(['x509', '-noout', '-text'], leaf), text, name)
    const authorities = file(`${name}-ca.pem`, above.join('') || leaf)
    const verified = openssl([
      'verify',
      '-partial_chain',
      '-x509_strict',
      '-CAfile',
      authorities,
      file(`${name}.pem`, leaf),
    ])
    t.match(verified, /: OK/, name)
  }
})

t.test('a PEM certificate’s secret contains its PKCS#8 key and its certificates', async (t) => {
  const { value, properties } = await secrets.getSecret('named')
  t.equal(properties.contentType, 'application/x-pem-file')
  t.strictSame(value?.match(/-----BEGIN [A-Z ]+-----/g), [
    '-----BEGIN PRIVATE KEY-----',
    '-----BEGIN CERTIFICATE-----',
  ])
  const { properties: own, policy } = await certificates.getCertificate('named')
  const leaf = blocksOf('CERTIFICATE', value ?? '').join('')
  const dates = openssl(['x509', '-noout', '-subject', '-dates', '-ext', 'subjectAltName'], leaf)
  t.match(dates, 'subject=CN = named.example, O = Contoso')
  t.match(dates, 'DNS:named.example, DNS:*.named.example')
  const [from, to] = [own.notBefore?.getTime() ?? 0, own.expiresOn?.getTime() ?? 0]
  t.equal(to - from, 90 * 24 * 3600 * 1000)
  t.equal(Date.parse(/notAfter=(.*)/.exec(dates)?.[1] ?? ''), to)
  t.match(own, { tags: { team: 'a' }, enabled: true })
  t.match(policy, {
    subject: 'CN=named.example, O=Contoso',
    subjectAlternativeNames: { dnsNames: ['named.example', '*.named.example'] },
    issuerName: 'Self',
    contentType: 'application/x-pem-file',
    keyType: 'EC',
    keyCurveName: 'P-256',
    keySize: 256,
    exportable: true,
    reuseKey: false,
    validityInMonths: 3,
    enhancedKeyUsage: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
  })
  t.match(await certificates.getCertificatePolicy('rsa'), {
    issuerName: 'Unknown',
    keyType: 'RSA',
    keySize: 2048,
    keyUsage: ['digitalSignature', 'keyEncipherment'],
  })
})

t.test('a key that isn’t exportable never leaves the vault', async (t) => {
  for (const name of ['kept', 'pfx-kept']) {
    const pem = await unpacked(name)
    t.notMatch(pem, 'PRIVATE KEY', name)
    const { cer, policy } = await certificates.getCertificate(name)
    t.same(certificatesOf(pem)[0]?.raw, Buffer.from(cer ?? []), name)
    t.equal(policy?.exportable, false, name)
  }
  const pem = await valueFor('kept-pem')
  t.notMatch(pem, 'PRIVATE KEY')
  t.equal(blocksOf('CERTIFICATE', pem).length, 1)
  t.match(await keys.getKey('kept-pem'), { keyType: 'EC-HSM' })
})

t.test('an expired certificate is still served, and openssl reports that it expired', async (t) => {
  const { properties } = await certificates.getCertificate('expired')
  t.same(properties.expiresOn, new Date('2020-01-01T00:00:00Z'))
  t.same(properties.notBefore, new Date('2019-12-02T00:00:00Z'))
  const [leaf = '', ...above] = certificatesOf(await unpacked('expired')).map(String)
  const args = ['-CAfile', file('expired-ca.pem', above.join('')), file('expired.pem', leaf)]
  t.throws(() => openssl(['verify', ...args]), /certificate has expired/)
  t.match(openssl(['verify', '-attime', '1577000000', ...args]), /: OK/)
})

t.test('a disabled certificate hides only its secret', async (t) => {
  t.match(await certificates.getCertificate('disabled'), { properties: { enabled: false } })
  t.match(await keys.getKey('disabled'), { properties: { enabled: false } })
  await t.rejects(secrets.getSecret('disabled'), {
    statusCode: 403,
    message: 'Operation get is not allowed on a disabled secret.',
  })
  t.ok((await secrets.getSecret('disabled', { version: oldVersion })).value)
  t.ok((await certificates.getCertificateVersion('disabled', oldVersion)).cer)
})

t.test('an absent or deleted certificate has none of its three objects', async (t) => {
  for (const name of ['none', 'gone', 'other', 'plain']) {
    const error = { statusCode: 404, code: 'CertificateNotFound' }
    await t.rejects(certificates.getCertificate(name), error, name)
    await t.rejects(certificates.getCertificatePolicy(name), error, name)
  }
  await t.rejects(secrets.getSecret('gone'), { code: 'SecretNotFound' })
  await t.rejects(keys.getKey('gone'), { code: 'KeyNotFound' })
  await t.rejects(certificates.getCertificateVersion('web', 'f'.repeat(32)), {
    message: new RegExp(`\\(name/id\\) web/${'f'.repeat(32)} was not found`),
  })
  t.match((await get('certificates/web/pending')).json, {
    error: { code: 'PendingCertificateNotFound', message: 'Pending certificate not found: web' },
  })
})

t.test('imported certificates are served unchanged', async (t) => {
  t.equal(await valueFor('pfx'), oldPfx)
  t.equal((await valueFor('pem')).trim(), madePem.trim())
  const [made] = certificatesOf(madePem)
  for (const name of ['pfx', 'pem']) {
    const { cer, policy, properties } = await certificates.getCertificate(name)
    t.same(Buffer.from(cer ?? []), made?.raw, name)
    t.same(properties.expiresOn, made?.validToDate, name)
    t.match(policy, {
      subject: 'O=Contoso, CN=made.example',
      subjectAlternativeNames: { dnsNames: ['made.example'] },
      issuerName: 'Unknown',
      keyType: 'RSA',
      contentType: name === 'pfx' ? 'application/x-pkcs12' : 'application/x-pem-file',
    })
  }
})

t.test('certificates are in all three lists', async (t) => {
  const named = async (list: AsyncIterable<{ name?: string; managed?: boolean }>) => {
    const names: string[] = []
    for await (const { name, managed } of list) names.push(`${name}${managed ? ' managed' : ''}`)
    return names
  }
  const secretNames = await named(secrets.listPropertiesOfSecrets())
  const keyNames = await named(keys.listPropertiesOfKeys())
  const own = await named(certificates.listPropertiesOfCertificates())
  t.equal(own.length, 12)
  t.notOk(own.includes('gone'))
  const managed = own.map((name) => `${name} managed`)
  t.strictSame(secretNames.toSorted(), [...managed, 'plain'].toSorted())
  t.strictSame(keyNames.toSorted(), [...managed, 'other'].toSorted())
  const versions: (string | undefined)[] = []
  for await (const { version } of certificates.listPropertiesOfCertificateVersions('disabled'))
    versions.push(version)
  t.equal(versions.length, 2)
  t.match((await get('certificates', '&maxresults=1')).json, { value: [{ x5t: /^[\w-]{27}$/ }] })
})

t.test('the service can convert PKCS#12 to PEM, and nothing else', async (t) => {
  const pem = 'application/x-pem-file'
  const { json } = await get('secrets/rsa', `&outContentType=${pem}`)
  const { value, contentType } = Object(json)
  t.equal(contentType, pem)
  t.equal(blocksOf('PRIVATE KEY', value).length, 1)
  t.same(certificatesOf(value).map(String), certificatesOf(await unpacked('rsa')).map(String))
  t.equal((await get('secrets/named', `&outContentType=${pem}`)).status, 200)
  for (const [name, wanted] of [
    ['named', 'application/x-pkcs12'],
    ['rsa', 'text/plain'],
    ['plain', pem],
  ])
    t.match(await get(`secrets/${name}`, `&outContentType=${wanted}`), {
      status: 400,
      json: { error: { code: 'BadParameter' } },
    })
})

t.test('a vault can be named in the host instead of the path', async (t) => {
  for (const path of ['certificates/web', 'keys/web', 'secrets/web'])
    t.match(
      await ask(emulator, `/${path}?api-version=7.6`, {
        headers: { ...headers, host: 'team-a.vault.example' },
      }),
      { status: 200 },
      path,
    )
})

t.test(
  'a rotation gives all three objects a new version and key under the same root',
  async (t) => {
    const before = { chain: certificatesOf(await unpacked('rsa')), key: await keys.getKey('rsa') }
    const version = emulator.rotate({ vault: 'team-a', name: 'RSA' })
    const chain = certificatesOf(await unpacked('rsa'))
    const certificate = await certificates.getCertificate('rsa')
    const key = await keys.getKey('rsa')
    t.equal(certificate.properties.version, version)
    t.equal(key.properties.version, version)
    t.equal((await secrets.getSecret('rsa')).properties.version, version)
    t.same(chain[0]?.raw, Buffer.from(certificate.cer ?? []))
    t.notSame(key.key?.n, before.key.key?.n)
    t.same(chain.slice(1).map(String), before.chain.slice(1).map(String))
    const older = await keys.getKey('rsa', { version: before.key.properties.version ?? '' })
    t.same(older.key?.n, before.key.key?.n)
    t.equal(await valueFor('rsa'), await valueFor('rsa'), 'the same bytes each time')
  },
)

t.test('the rotation of an expired certificate creates a valid one', async (t) => {
  emulator.rotate({ vault: 'team-a', name: 'expired', type: 'certificate' })
  const { properties } = await certificates.getCertificate('expired')
  t.ok((properties.expiresOn?.getTime() ?? 0) > Date.now())
})

t.test('a certificate’s three objects are disabled, deleted and recovered together', async (t) => {
  const named = { vault: 'team-a', name: 'p384' }
  emulator.update({ ...named, enabled: false })
  await t.rejects(secrets.getSecret('p384'), { statusCode: 403, code: 'Forbidden' })
  emulator.update({ ...named, enabled: true, deleted: true })
  await t.rejects(secrets.getSecret('p384'), { code: 'SecretNotFound' })
  await t.rejects(keys.getKey('p384'), { code: 'KeyNotFound' })
  await t.rejects(certificates.getCertificate('p384'), { code: 'CertificateNotFound' })
  t.throws(() => emulator.rotate(named), /the certificate p384 is deleted: recover it first/)
  emulator.update({ ...named, deleted: false })
  t.ok((await secrets.getSecret('p384')).value)
  t.throws(() => emulator.rotate({ ...named, name: 'pfx' }), /certificate pfx was imported/)
  t.throws(() => emulator.rotate({ ...named, type: 'secret' }), /rotate the certificate/)
})

t.test('a certificate’s secret can’t be written', async (t) => {
  const writer = secretClient(emulator, adminId)
  const refusal = { statusCode: 403, message: /since it is associated with a certificate/ }
  await t.rejects(writer.setSecret('web', 'mine'), refusal)
  await t.rejects(writer.beginDeleteSecret('web'), refusal)
  const { version = '' } = (await secrets.getSecret('web')).properties
  await t.rejects(writer.updateSecretProperties('web', version, { enabled: false }), refusal)
})

t.test('a writer can import PKCS#12 and PEM, with or without a password', async (t) => {
  const writer = certificateClient(emulator, adminId)
  const locked = opensslBytes(['pkcs12', '-export', '-passout', 'pass:secret'], madePem)
  const options = { password: 'secret', enabled: true, tags: { a: 'b' } }
  const first = await writer.importCertificate('brought', locked, options)
  t.match(first, { name: 'brought', properties: { tags: { a: 'b' }, enabled: true } })
  t.match(await unpacked('brought'), blocksOf('PRIVATE KEY', madePem)[0])
  t.same(certificatesOf(await unpacked('brought')).map(String), blocksOf('CERTIFICATE', madePem))

  const next = await writer.importCertificate('brought', Buffer.from(madePem), {
    policy: { contentType: 'application/x-pem-file' },
  })
  t.not(next.properties.version, first.properties.version)
  t.equal(await valueFor('brought'), madePem)

  for (const [bytes, password] of [
    [locked, 'wrong'],
    [Buffer.from('junk'), ''],
    [Buffer.from(blocksOf('CERTIFICATE', madePem).join('')), ''],
  ] as const)
    await t.rejects(writer.importCertificate('brought', bytes, { password }), {
      statusCode: 400,
      code: 'BadParameter',
    })
  for (const name of ['plain', 'other', 'gone'])
    await t.rejects(writer.importCertificate(name, locked, options), { code: 'Conflict' }, name)
  await t.rejects(certificates.importCertificate('mine', locked, options), {
    statusCode: 403,
    message: /vaults\/certificates\/import\/action'/,
  })
})
