import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { clientProblem } from '../../../../webhook/http/certificate/client-problem.ts'
import { issueClientCertificate } from '../../../support/issue-client-certificate.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'

const now = new Date()
const authority = await issueTestAuthority()
const issue = async (...args: [string, { readonly dnsNames: readonly string[] }?]) =>
  new X509Certificate((await issueClientCertificate(authority, ...args)).certificatePem)

t.test('a missing client certificate is a problem even if TLS found no error', async (t) => {
  for (const names of [[], ['kube-apiserver']])
    t.match(clientProblem({}, { names, now }), /^found no client certificate; expected/)
})

t.test('an error of TLS is a problem whatever the name', async (t) => {
  const certificate = await issue('kube-apiserver')
  t.match(
    clientProblem({ certificate, error: 'CERT_REVOKED' }, { names: ['kube-apiserver'], now }),
    /^found the client certificate of "CN=kube-apiserver", which can't be verified \(CERT_REVOKED\)/,
  )
})

t.test('a certificate that has expired since the handshake is a problem', async (t) => {
  const certificate = await issue('kube-apiserver')
  const end = new Date(certificate.validTo).getTime()
  const problemAt = (ms: number) => clientProblem({ certificate }, { names: [], now: new Date(ms) })
  t.equal(problemAt(end), undefined)
  t.match(problemAt(end + 1), /\(CERT_HAS_EXPIRED\)/)
})

t.test('text of a certificate is shown on one short line', async (t) => {
  const long = Array.from({ length: 500 }, (_, index) => `host-${index}.example`)
  const certificate = await issue('a\u001b[2J\nb', { dnsNames: long })
  const problem = clientProblem({ certificate }, { names: ['kube-apiserver'], now }) ?? ''
  t.match(problem, 'CN=a\\u{1b}[2J\\nb')
  t.notOk(problem.includes('\u001b') || problem.includes('\n'))
  t.ok(problem.length < 400, `${problem.length} characters`)
})
