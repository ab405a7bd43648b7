import t from 'tap'
import type { ClusterFacts } from '../../../../operate/doctor/model/cluster-facts.ts'
import { readRendering } from '../../../manifests/security/renderings.ts'
import { findings, namespaces } from '../harness/healthy-cluster.ts'

const volumes = [{ name: 'v', csi: { driver: 'secrets-store.csi.k8s.io' } }]
const deployment = (namespace: string, annotations = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'web', namespace },
  spec: { template: { metadata: { annotations }, spec: { containers: [], volumes } } },
})
const pod = (more: object = {}) => ({
  kind: 'Pod',
  metadata: { name: 'one', namespace: 'team-a', ...more },
  spec: { volumes },
})
const labelled = { metadata: { name: 'team-l', labels: { 'akv-injector.io/csi': 'true' } } }

/** What `doctor` says of pods that can't start. */
const of = (name: 'csiLabelled' | 'csiAll' | 'install', changed: Partial<ClusterFacts>) =>
  findings({
    installed: undefined,
    namespaces: [...namespaces, labelled],
    drivers: [],
    mutatingConfigurations: readRendering(name).filter(
      ({ kind }) => kind === 'MutatingWebhookConfiguration',
    ),
    ...changed,
  }).filter((line) => line.includes('can’t start'))

t.test('a namespace without the label', (t) => {
  const otherWorkloads = [deployment('team-a'), deployment('team-l'), pod()]
  t.strictSame(of('csiLabelled', { otherWorkloads: otherWorkloads.slice(0, 2), pods: [pod()] }), [
    'failure: the Secrets Store CSI Driver isn’t installed, and namespace team-a lacks the label akv-injector.io/csi: "true", so pods with its volumes can’t start: Deployment web, Pod one',
  ])
  t.match(of('csiLabelled', { otherWorkloads: [deployment('kube-system')] }), [
    /and the webhook leaves namespace kube-system alone, so pods/,
  ])
  t.match(of('csiAll', { otherWorkloads: [deployment('kube-system'), deployment('team-a')] }), [
    /and the webhook leaves namespace kube-system alone, so pods/,
  ])
  t.end()
})

t.test('nothing is said where pods can start, or it isn’t known', (t) => {
  const otherWorkloads = [deployment('team-a')]
  const drivers = [{ metadata: { name: 'secrets-store.csi.k8s.io' } }]
  t.strictSame(of('csiLabelled', { otherWorkloads, drivers }), [])
  t.strictSame(of('csiLabelled', { otherWorkloads, drivers: undefined }), [])
  t.strictSame(of('csiLabelled', { otherWorkloads, namespaces: undefined }), [])
  t.strictSame(of('install', { otherWorkloads }), [], 'the webhook serves no volumes anywhere')
  const off = deployment('team-a', { 'akv-injector.io/inject': 'false' })
  t.strictSame(of('csiLabelled', { otherWorkloads: [off] }), [])
  const owned = pod({ ownerReferences: [{ controller: true }] })
  t.strictSame(of('csiLabelled', { pods: [owned] }), [], 'its workload counts')
  t.strictSame(of('csiLabelled', { pods: [{ ...pod(), status: { phase: 'Succeeded' } }] }), [])
  t.end()
})
