import t from 'tap'
import { render, withoutHelm } from '../helm.ts'
import { readRendered } from '../rendered.ts'

const skip = withoutHelm
const kinds = { podMonitor: 'PodMonitor', serviceMonitor: 'ServiceMonitor' }
const monitors = Object.entries(kinds)
const own = {
  enabled: true,
  labels: { release: 'prometheus' },
  annotations: { owner: 'b' },
  interval: '45s',
}
const rendered = (values: object) => readRendered(render({ values }).text)

t.test('no object of the Prometheus operator is installed by default', { skip }, async (t) => {
  const { objects } = rendered({})
  t.notOk(objects.some(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com/')))
  t.notOk(objects.some(({ metadata }) => metadata.name === 'akv-injector-metrics'))
})

t.test(
  'each monitor has the labels, annotations and interval of its values',
  { skip },
  async (t) => {
    for (const [name, kind] of monitors) {
      const { find } = rendered({ metrics: { [name]: own }, commonAnnotations: { team: 'a' } })
      const { metadata, spec } = find(kind)
      t.match(metadata, { labels: own.labels, annotations: { ...own.annotations, team: 'a' } })
      t.match(spec.endpoints ?? spec.podMetricsEndpoints, [{ interval: '45s' }])
      for (const [, other] of monitors) t.equal(find(other) !== undefined, other === kind)
    }
  },
)

t.test('without an interval, Prometheus’ own default counts', { skip }, async (t) => {
  for (const [name, kind] of monitors) {
    const { spec } = rendered({ metrics: { [name]: { enabled: true } } }).find(kind)
    t.notOk('interval' in (spec.endpoints ?? spec.podMetricsEndpoints)[0])
  }
})

t.test('the PodMonitor finds the agents’ port in all namespaces', { skip }, async (t) => {
  const { spec } = rendered({ metrics: { podMonitor: own } }).find('PodMonitor')
  t.match(spec, {
    namespaceSelector: { any: true },
    selector: { matchExpressions: [{ key: 'akv-injector.io/agent', operator: 'Exists' }] },
    podMetricsEndpoints: [{ port: 'akv-metrics' }],
  })
})

t.test('the ServiceMonitor reaches every component at its health port', { skip }, async (t) => {
  const { objects, find } = rendered({
    metrics: { serviceMonitor: own },
    sync: { enabled: true },
    webhook: { healthPort: 9080 },
    nameOverride: 'secrets',
  })
  const service = find('Service', 'akv-injector-metrics')
  const { spec } = find('ServiceMonitor')
  t.match(service.metadata.labels, spec.selector.matchLabels)
  t.notMatch(
    find('Service', 'akv-injector-webhook').metadata.labels,
    spec.selector.matchLabels,
    'each pod is scraped once',
  )
  t.match(spec, { endpoints: [{ port: service.spec.ports[0].name }] })
  const pods = objects.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec.template)
  t.equal(pods.length, 3)
  for (const { metadata, spec } of pods) {
    t.match(metadata.labels, service.spec.selector)
    const names = spec.containers[0].ports.map(({ name }: { name: string }) => name)
    t.ok(names.includes(service.spec.ports[0].targetPort))
  }
})

const monitoring = { namespaceSelector: { matchLabels: { team: 'monitoring' } } }
const neighbours = { podSelector: { matchLabels: { app: 'prometheus' } } }

t.test('a policy that keeps scrapers out of the namespace is refused', { skip }, async (t) => {
  const withPeers = (networkPolicy: object, metrics: object = { serviceMonitor: own }) =>
    render({ values: { metrics, networkPolicy } })
  const closed = { metricsFrom: [neighbours, neighbours] }
  t.match(
    withPeers(closed).problem,
    'metrics.serviceMonitor.enabled is true, but networkPolicy.metricsFrom admits only pods of the namespace akv-injector',
  )
  for (const peer of [monitoring, { ...neighbours, ...monitoring }, { ipBlock: { cidr: '::/0' } }])
    t.ok(withPeers({ metricsFrom: [neighbours, peer] }).ok)
  t.ok(withPeers({ ...closed, enabled: false }).ok)
  t.ok(withPeers(closed, { podMonitor: own }).ok, 'agents are in other namespaces')
})
