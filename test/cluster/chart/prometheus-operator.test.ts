import t, { type Test } from 'tap'
import { render, withoutHelm } from '../../manifests/helm.ts'
import { type Manifest, readRendered } from '../../manifests/rendered.ts'
import { skipped } from '../../support/needs/without.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { applyCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { annotatedPod, plainPod } from '../client/pods.ts'
import { findOperatorCrds } from '../parts/find-operator-crds.ts'
import { serveWebhook } from '../webhook/harness/serve-webhook.ts'

/** Applies the chart's objects for the Prometheus operator to an API server that has the operator's CRDs. */
const found = await findOperatorCrds('prometheus-operator', { env: process.env })
const crds = found.kind === 'valid' ? found.value : []
const skip = withoutHelm || (found.kind === 'invalid' && skipped('go', found.problem))
const cluster = openCluster(t)

const own = { enabled: true, labels: { release: 'prometheus' }, annotations: { owner: 'team a' } }
const metrics = {
  podMonitor: { ...own, interval: '90s' },
  serviceMonitor: { ...own, interval: '1m' },
  prometheusRule: own,
  dashboard: own,
}
const { objects, find } = readRendered(skip ? '' : render({ values: { metrics } }).text)
const isOfOperator = ({ apiVersion }: KubeObject) => apiVersion.startsWith('monitoring.coreos.com/')

async function installCrds(t: Test): Promise<void> {
  for (const crd of crds) {
    // A cluster of KUBECONFIG may have them, and objects of them.
    if ((await cluster.get(crd)).status === 200) continue
    t.teardown(() => remove(crd))
    await applyCrds(cluster, [crd])
  }
}

async function remove(object: KubeObject): Promise<void> {
  await cluster.delete(object)
  await until(async () => (await cluster.get(object)).status === 404)
}

/** Creates an object, and returns it as the API server has it. */
async function create(t: Test, object: KubeObject): Promise<Manifest> {
  t.teardown(() => remove(object))
  return expectSuccess(await cluster.create(object, { isStrict: true })).body
}

/** A label selector in the form of a query. */
const queryOf = ({ matchLabels = {}, matchExpressions = [] }: Manifest['spec']['selector']) =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator }: Manifest) =>
      operator === 'Exists' ? key : `unexpected operator ${operator}`,
    ),
  ].join()

const namesOf = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name)
const portsOf = ({ spec }: Manifest) =>
  [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ ports = [] }) => ports)

t.test('the operator’s CRDs accept what the chart installs', { skip }, async (t) => {
  await installCrds(t)
  const monitoring = objects.filter(isOfOperator)
  t.strictSame(namesOf(monitoring).sort(), [
    'akv-injector-agents',
    'akv-injector-alerts',
    'akv-injector-metrics',
  ])
  for (const object of monitoring) {
    const { metadata, spec } = await create(t, object)
    t.match(metadata, { labels: own.labels, annotations: own.annotations })
    t.match(spec, object.spec, `${object.kind} keeps all fields`)
  }
  for (const object of monitoring) {
    const misspelt = { ...object, spec: { ...object.spec, intervall: '1m' } }
    const { status, body } = await cluster.create(misspelt, { isStrict: true, dryRun: true })
    t.equal(status, 400, object.kind)
    t.match(body.message, 'unknown field "spec.intervall"')
  }
})

t.test('the ServiceMonitor selects one Service, and so each component', { skip }, async (t) => {
  const service = await create(t, find('Service', 'akv-injector-metrics'))
  const { spec } = find('ServiceMonitor')
  t.strictSame(spec.namespaceSelector.matchNames, [service.metadata.namespace])
  t.strictSame(namesOf(await cluster.list(service as KubeObject, queryOf(spec.selector))), [
    service.metadata.name,
  ])
  const [port] = service.spec.ports
  t.strictSame(
    spec.endpoints.map(({ port }: Manifest) => port),
    [port.name],
  )
  const { namespace } = service.metadata
  // A controller makes the pods of the Deployments.
  const pods = () =>
    cluster.list(plainPod({}, { namespace }), queryOf({ matchLabels: service.spec.selector }))
  const components = async () => new Set((await pods()).map(componentOf))
  await until(async () => (await components()).size === 2)
  t.strictSame(await components(), new Set(['certs', 'webhook']))
  for (const pod of await pods())
    t.ok(portsOf(pod).some(({ name }: Manifest) => name === port.targetPort))
})

const componentOf = ({ metadata }: Manifest) => metadata.labels['app.kubernetes.io/component']

t.test(
  'the PodMonitor selects injected pods, and the port of agents with metrics',
  { skip },
  async (t) => {
    const { spec } = find('PodMonitor')
    t.strictSame(spec.namespaceSelector, { any: true })
    await serveWebhook(t, cluster)
    const namespace = await testNamespace(t, cluster)
    expectSuccess(await cluster.create(plainPod({}, { namespace })))
    const withMetrics = { vault: 'team-a', secrets: 'a', refresh: '5m', metrics: '19980' }
    const injected = expectSuccess(
      await cluster.create(annotatedPod({ namespace, annotations: withMetrics })),
    )
    const selected = await cluster.list(injected.body, queryOf(spec.selector))
    t.strictSame(namesOf(selected), [injected.body.metadata.name])
    const [{ port }] = spec.podMetricsEndpoints
    t.match(
      selected.flatMap(portsOf).filter(({ name }: Manifest) => name === port),
      [{ containerPort: 19980, protocol: 'TCP' }],
    )
  },
)
