import t from 'tap'
import type { ClusterFacts } from '../../../../operate/doctor/model/cluster-facts.ts'
import type { Manifest } from '../../../manifests/rendered.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import {
  bundleOf,
  findings,
  healthyFacts,
  results,
  servedCertificate,
} from '../harness/healthy-cluster.ts'

const [ours] = (healthyFacts().mutatingConfigurations ?? []) as readonly Manifest[]
const other = await issueTestAuthority('other', { lifetimeDays: 90 })
const dayMs = 24 * 60 * 60 * 1000

function change(clientConfig: object): Partial<ClusterFacts> {
  const webhooks = ours.webhooks.map((entry: Manifest) => ({
    ...entry,
    clientConfig: { ...entry.clientConfig, ...clientConfig },
  }))
  return { mutatingConfigurations: [{ ...ours, webhooks }] }
}
const caBundle = ours.webhooks[0].clientConfig.caBundle

t.test('caBundle', (t) => {
  for (const wrong of [
    '',
    'x',
    bundleOf('not PEM'),
    bundleOf('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  ])
    t.match(findings(change({ caBundle: wrong })), [
      /^failure: caBundle of pods\.akv-injector\.io has no valid certificate/,
    ])
  t.match(findings({ nowMs: Date.now() + 100 * dayMs }).join('\n'), /failure: caBundle .* no valid/)
  t.match(findings(change({ caBundle: bundleOf(other.certificatePem) })), [
    /^failure: caBundle doesn’t verify/,
  ])
  const both = Buffer.from(caBundle, 'base64').toString()
  t.strictSame(
    findings(change({ caBundle: bundleOf(other.certificatePem, both) })),
    [],
    'a rotation',
  )
  t.end()
})

t.test('the serving certificate', async (t) => {
  t.match(findings({ servedCertificate: '' }), [
    /^failure: the Secret of the serving certificate has none/,
  ])
  t.match(findings({ nowMs: Date.now() + 57 * dayMs }), [
    /^warning: the serving certificate is valid only until/,
  ])
  t.match(findings({ nowMs: Date.now() + 61 * dayMs }), [
    /^failure: the serving certificate is not valid now/,
  ])
  const elsewhere = change({ service: { name: 'x', namespace: 'akv-injector' } })
  t.match(findings({ ...elsewhere, installed: undefined, services: undefined }), [
    /^failure: the serving certificate is not for x\.akv-injector\.svc/,
  ])
  t.strictSame(
    findings(change({ caBundle: bundleOf(servedCertificate) })),
    [],
    'the leaf itself is an anchor',
  )
  const many = servedCertificate.repeat(2000)
  t.strictSame(findings({ servedCertificate: many }), [])
  t.strictSame(findings(change({ caBundle: bundleOf(many) })), [])
})

t.test('a controller that isn’t ready is a warning', (t) => {
  const deployments = (healthyFacts().deployments as readonly Manifest[]).map((one) =>
    one.metadata.name === 'akv-injector-certs' ? { ...one, status: {} } : one,
  )
  t.match(findings({ deployments }), [
    /^warning: Deployment akv-injector\/akv-injector-certs isn’t ready/,
  ])
  t.end()
})

t.test('certificates of cert-manager', (t) => {
  const metadata = { ...ours.metadata, annotations: { 'cert-manager.io/inject-ca-from': 'a/b' } }
  const certificate = {
    metadata: { namespace: 'akv-injector', name: 'akv-injector-webhook' },
    status: { conditions: [{ type: 'Ready', status: 'False', message: 'Issuer not found' }] },
  }
  const mutatingConfigurations = [{ ...ours, metadata }]
  const found = findings({ mutatingConfigurations, certificates: [certificate] })
  t.match(found, [
    /^warning: Certificate akv-injector\/akv-injector-webhook isn’t ready: Issuer not found/,
  ])
  t.end()
})

t.test('a wrong certificate whose controller is scaled down', (t) => {
  const deployments = (healthyFacts().deployments as readonly Manifest[]).map((one) =>
    one.metadata.name === 'akv-injector-certs'
      ? { ...one, spec: { ...one.spec, replicas: 0 }, status: {} }
      : one,
  )
  const scale = 'kubectl scale deployment akv-injector-certs --namespace akv-injector --replicas 1'
  const of = (changed: Partial<ClusterFacts>) =>
    results({ deployments, ...changed }).filter(({ mark }) => mark !== 'ok')
  t.match(of({}), [
    { mark: 'warning', sentence: /akv-injector-certs has no replicas, so nobody/, hint: scale },
  ])
  t.match(of({ ...change({ caBundle: bundleOf(other.certificatePem) }) }), [
    {
      mark: 'failure',
      sentence: /^caBundle doesn’t verify/,
      hint: `the certificate controller would correct it, but has no replicas: ${scale}`,
    },
  ])
  t.match(of({ nowMs: Date.now() + 57 * dayMs }), [
    { mark: 'warning', sentence: /valid only until/, hint: /has no replicas/ },
  ])
  const dryRun = {
    kind: 'refused',
    namespace: 'default',
    status: 500,
    message:
      'failed calling webhook "pods.akv-injector.io": failed to call webhook: Post "x": x509: unknown authority',
  } as const
  t.match(
    of({ servedCertificate: undefined, dryRun })
      .map(({ hint = '' }) => hint)
      .join('\n'),
    scale,
  )
  t.end()
})
