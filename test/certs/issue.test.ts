import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'

const run = promisify(execFile)
const now = new Date('2026-06-01T12:00:00Z')
const attime = String(now.getTime() / 1000)

const authority = await issueAuthority({ commonName: 'test authority', now, lifetimeDays: 365 })
const leaf = await issueLeaf({
  authority,
  commonName: 'localhost',
  dnsNames: ['localhost', '*.vault.example'],
  ipAddresses: ['127.0.0.1', '::1'],
  now,
  lifetimeDays: 30,
})

t.test('OpenSSL’s strict checks accept the chain for a server', async (t) => {
  const folder = t.testdir()
  const [ca, pem] = [join(folder, 'ca.pem'), join(folder, 'leaf.pem')]
  await writeFile(ca, authority.certificatePem)
  await writeFile(pem, leaf.certificatePem)
  const verify = (...more: string[]) =>
    run('openssl', ['verify', '-x509_strict', '-attime', attime, '-CAfile', ca, ...more, pem])
  const server = ['-purpose', 'sslserver']
  await t.resolves(verify(...server, '-verify_hostname', 'localhost'))
  await t.resolves(verify(...server, '-verify_hostname', 'team-a.vault.example'))
  await t.resolves(verify(...server, '-verify_ip', '127.0.0.1'))
  await t.rejects(verify(...server, '-verify_hostname', 'evil.example'), /hostname mismatch/i)
  await t.rejects(verify('-purpose', 'sslclient'), /purpose/)
})

t.test('the authority is marked as a CA, and the leaf isn’t', async (t) => {
  const { stdout: ca } = await describe(authority.certificatePem)
  t.match(ca, /Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
  t.match(ca, /Key Usage: critical\s+Certificate Sign, CRL Sign/)
  t.match(ca, /Subject Key Identifier/)
  const { stdout: text } = await describe(leaf.certificatePem)
  t.match(text, /Basic Constraints: critical\s+CA:FALSE/)
  t.match(text, /Extended Key Usage:\s+TLS Web Server Authentication\n/)
  t.match(text, /DNS:localhost, DNS:\*\.vault\.example, IP Address:127\.0\.0\.1, IP Address:0:0/)
  t.match(text, /NIST CURVE: P-256/)
  t.match(text, /Subject Key Identifier/)
  t.match(text, /Authority Key Identifier/)
})

t.test('Node reads the certificate and the key, and they match', async (t) => {
  const certificate = new X509Certificate(leaf.certificatePem)
  t.match(leaf.keyPem, /^-----BEGIN PRIVATE KEY-----\n/, 'PKCS#8')
  t.ok(certificate.checkPrivateKey(createPrivateKey(leaf.keyPem)))
  t.ok(certificate.verify(new X509Certificate(authority.certificatePem).publicKey))
  t.notOk(certificate.ca)
  t.ok(new X509Certificate(authority.certificatePem).ca)
})

t.test(
  'an issued certificate is valid from five minutes ago, for the requested number of days',
  async (t) => {
    const { validFromDate, validToDate } = new X509Certificate(leaf.certificatePem)
    t.equal(validFromDate.toISOString(), '2026-06-01T11:55:00.000Z')
    t.equal(validToDate.toISOString(), '2026-07-01T12:00:00.000Z')
  },
)

t.test('a leaf doesn’t outlive its authority', async (t) => {
  const long = await issueLeaf({ ...request, lifetimeDays: 1000 })
  t.equal(
    new X509Certificate(long.certificatePem).validTo,
    new X509Certificate(authority.certificatePem).validTo,
  )
})

t.test('serial numbers are positive, 20 octets long and unique', async (t) => {
  const leaves = await Promise.all(Array.from({ length: 50 }, () => issueLeaf(request)))
  const serials = leaves.map((leaf) => new X509Certificate(leaf.certificatePem).serialNumber)
  t.equal(new Set(serials).size, 50)
  for (const serial of serials) t.match(serial, /^[4-7][0-9A-F]{39}$/)
})

t.test('a name with commas, quotes or other scripts isn’t changed or split', async (t) => {
  for (const commonName of ['a, O=evil', 'a"b\\c', '#0500', 'Zürich 🔑', ' padded ']) {
    const { certificatePem } = await issueLeaf({ ...request, commonName })
    t.equal(new X509Certificate(certificatePem).toLegacyObject().subject.CN, commonName)
  }
})

t.test('requests without a name, a valid address or an authority are refused', async (t) => {
  await t.rejects(
    issueLeaf({ ...request, dnsNames: [], ipAddresses: [] }),
    /needs a DNS name or an IP address/,
  )
  await t.rejects(issueLeaf({ ...request, ipAddresses: ['localhost'] }))
  await t.rejects(issueLeaf({ ...request, authority: { certificatePem: '', keyPem: '' } }))
})

const request = {
  authority,
  commonName: 'x',
  dnsNames: ['x.example'],
  ipAddresses: [],
  now,
  lifetimeDays: 1,
}

async function describe(pem: string) {
  const started = run('openssl', ['x509', '-noout', '-text'])
  started.child.stdin?.end(pem)
  return await started
}
