import t, { type Test } from 'tap'
import { openCluster } from '../../../operate/cluster/open-cluster.ts'
import { findAgentImages } from '../../../operate/cluster/pods/find-agent-images.ts'
import { startApiServer } from '../../support/api-server/start-api-server.ts'

const admission = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const labels = { 'app.kubernetes.io/name': 'akv', 'app.kubernetes.io/component': 'webhook' }

/** A cluster with an install in namespace `system`, and what changes it. */
async function serve(t: Test) {
  const server = await startApiServer(t)
  const denied = new Set<string>()
  server.before = ({ path, body }) => {
    if (!path.endsWith('/selfsubjectaccessreviews')) return undefined
    const { resource } = (body as { spec: { resourceAttributes: { resource: string } } }).spec
      .resourceAttributes
    return [201, { status: { allowed: !denied.has(resource) } }]
  }
  const putEntry = (name: string, clientConfig: object, configuration = 'zz-akv-injector') =>
    server.objects.put(`${admission}/${configuration}`, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: configuration },
      webhooks: [{ name, clientConfig }],
    })
  const putService = (selector?: Readonly<Record<string, string>>) =>
    server.objects.put('/api/v1/namespaces/system/services/webhook', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'system', name: 'webhook' },
      spec: { selector },
    })
  const putDeployment = (
    namespace: string,
    image: string,
    {
      name = 'webhook',
      labels: own = labels,
      ...spec
    }: {
      readonly name?: string
      readonly labels?: Readonly<Record<string, string>>
      readonly replicas?: number
    } = {},
  ) =>
    server.objects.put(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name, labels: own },
      spec: {
        ...spec,
        template: {
          metadata: { labels: own },
          spec: {
            containers: [{}, { env: [{ name: 'AKV_INJECTOR_AGENT_IMAGE', value: image }] }],
          },
        },
      },
    })
  putEntry('pods.akv-injector.io', { service: { namespace: 'system', name: 'webhook' } })
  putService(labels)
  putDeployment('system', 'r.example:5000/akv:2@sha256:00')
  const find = async (options: Parameters<typeof findAgentImages>[1] = {}) => {
    const cluster = openCluster({ kubeconfig: server.kubeconfigFile })
    return { images: await findAgentImages(cluster, options), notices: cluster.notices.all() }
  }
  return { server, denied, putEntry, putService, putDeployment, find }
}

const ours = { by: 'apiServer', value: ['r.example:5000/akv'] }
const unknown = (notice: RegExp) => ({ images: undefined, notices: [notice] })
const notFound = unknown(/^no webhook of akv-injector was found.*--agent-image$/)

t.test('the images of agents are those of the webhook that the API server calls', async (t) => {
  const { server, putEntry, find } = await serve(t)
  t.strictSame(await find(), { images: ours, notices: [] })
  t.match(await find({ installNamespace: 'system' }), { images: ours })
  t.match(await find({ installNamespace: 'elsewhere' }), notFound)
  putEntry('csi-pods.akv-injector.io', { service: { namespace: 'system', name: 'webhook' } })
  t.match(await find(), { images: ours })
  const asked = server.requests.length
  t.match(await find({ agentImage: ['a'] }), { images: { by: 'options', value: ['a'] } })
  t.equal(server.requests.length, asked, 'asks nobody')
})

t.test('a Deployment that only looks like the webhook counts for nothing', async (t) => {
  const { server, putEntry, putService, putDeployment, find } = await serve(t)
  // Of a tenant, in a namespace that sorts before and after the real one.
  putDeployment('evil', 'evil.example/agent')
  putDeployment('zz-evil', 'evil.example/agent', { replicas: 0 })
  // Of the administrator, but with nothing that runs, or of another component.
  putDeployment('system', 'old.example/agent', { name: 'old', replicas: 0 })
  putDeployment('system', 'other.example/agent', {
    name: 'other',
    labels: { ...labels, 'app.kubernetes.io/component': 'certs' },
  })
  t.strictSame(await find(), { images: ours, notices: [] })

  server.objects.delete('/apis/apps/v1/namespaces/system/deployments/webhook')
  t.match(await find(), notFound)
  putDeployment('system', 'r.example:5000/akv:2')
  t.match(await find(), { images: ours })
  for (const selector of [undefined, {}, { ...labels, more: 'x' }]) {
    putService(selector)
    t.match(await find(), notFound)
  }
  putService(labels)
  server.objects.delete('/api/v1/namespaces/system/services/webhook')
  t.match(await find(), notFound)
  putService(labels)
  putEntry('pods.akv-injector.io', { url: 'https://akv.example/' })
  t.match(await find(), notFound)
  putEntry('pods.other.io', { service: { namespace: 'system', name: 'webhook' } })
  t.match(await find(), notFound)
})

t.test('without the right to read the way to them, they are unknown', async (t) => {
  const { denied, putDeployment, find } = await serve(t)
  putDeployment('evil', 'evil.example/agent')
  for (const [resource, notice] of [
    ['services', /^the Service of the webhook can’t be read: .* get services .* system$/],
    ['deployments', /^the Deployment of the webhook, .* list deployments of apps .* system$/],
    ['mutatingwebhookconfigurations', /^the webhook configuration, .* list mutatingwebhook/],
  ] as const) {
    denied.clear()
    denied.add(resource)
    t.match(await find(), unknown(notice))
  }
  const named = { by: 'options', value: ours.value }
  t.strictSame(await find({ installNamespace: 'system' }), { images: named, notices: [] })
  t.match(await find({ installNamespace: 'none' }), notFound)
  denied.add('deployments')
  t.match(await find({ installNamespace: 'system' }), unknown(/^the Deployment of the webhook/))
})
