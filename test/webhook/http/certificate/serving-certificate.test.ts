import t from 'tap'
import {
  readServingCertificate,
  validityProblem,
} from '../../../../webhook/http/certificate/serving-certificate.ts'
import { tlsFolder } from '../tls-folder.ts'

const tls = await tlsFolder(t.testdir())

t.test('a certificate and its key are read with their validity', async (t) => {
  const { certificatePem: cert, keyPem: key } = await tls.issue()
  t.match(readServingCertificate({ cert: cert + tls.ca, key }), {
    value: { cert: cert + tls.ca, key, notBefore: Date, notAfter: Date },
  })
})

t.test('a certificate with which a server couldn’t answer is refused', async (t) => {
  const [first, second] = await Promise.all([tls.issue(), tls.issue()])
  t.strictSame(readServingCertificate({ cert: first.certificatePem, key: second.keyPem }), {
    kind: 'invalid',
    problem: "tls.key doesn't match the certificate in tls.crt",
  })
  const halves: [string, string][] = [
    ['', ''],
    [first.certificatePem, ''],
    [first.certificatePem.slice(0, 200), first.keyPem],
    [first.certificatePem, first.keyPem.slice(0, 100)],
    [first.keyPem, first.certificatePem],
    [`${first.certificatePem}-----BEGIN CERTIFICATE-----\nAAAA\n`, first.keyPem],
  ]
  for (const [cert, key] of halves) {
    const read = readServingCertificate({ cert, key })
    t.match(read, { problem: /must be a certificate and a key in PEM format/ })
    t.notMatch(JSON.stringify(read), first.keyPem.split('\n')[1] ?? 'absent', 'the key isn’t shown')
  }
})

t.test('a certificate is of use from its first to its last second', async (t) => {
  const certificate = {
    cert: '',
    key: '',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2026-01-31T00:00:00Z'),
  }
  const at = (time: string) => validityProblem(certificate, new Date(time))
  t.match(at('2025-12-31T23:59:59Z'), /is not valid before 2026-01-01T00:00:00.000Z/)
  t.equal(at('2026-01-01T00:00:00Z'), undefined)
  t.equal(at('2026-01-31T00:00:00Z'), undefined)
  t.match(at('2026-01-31T00:00:01Z'), /expired at 2026-01-31T00:00:00.000Z/)
})
