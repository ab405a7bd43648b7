import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { annotationPrefix } from '../../webhook/core/vocabulary.ts'
import { readSettings } from '../../webhook/settings.ts'

const folder = join(import.meta.dirname, '../../manifests')
const objects = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => parse(readFileSync(join(folder, name), 'utf8')))
const find = (kind: string) => objects.find((object) => object.kind === kind)

const deployment = find('Deployment')
const podSpec = deployment.spec.template.spec
const [container] = podSpec.containers

t.test('everything that an install needs is there, in one namespace', async (t) => {
  t.strictSame(objects.map(({ kind }) => kind).sort(), [
    'Deployment',
    'MutatingWebhookConfiguration',
    'Namespace',
    'NetworkPolicy',
    'PodDisruptionBudget',
    'Service',
    'ServiceAccount',
  ])
  for (const { kind, metadata } of objects)
    if (!['Namespace', 'MutatingWebhookConfiguration'].includes(kind))
      t.equal(metadata.namespace, find('Namespace').metadata.name, kind)
})

t.test('the webhook is called last, for annotated pods only, and fails closed', async (t) => {
  const { metadata, webhooks } = find('MutatingWebhookConfiguration')
  t.equal(metadata.name, 'zz-akv-injector')
  t.match(webhooks, [
    {
      name: 'pods.akv-injector.io',
      sideEffects: 'None',
      failurePolicy: 'Fail',
      reinvocationPolicy: 'IfNeeded',
      timeoutSeconds: 5,
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
      ],
      clientConfig: { service: { name: find('Service').metadata.name, path: '/mutate' } },
    },
  ])
  t.match(webhooks[0].matchConditions[0].expression, `key.startsWith("${annotationPrefix}")`)
  t.match(webhooks[0].namespaceSelector.matchExpressions[0].values, [
    metadata.namespace ?? 'akv-injector',
  ])
})

t.test('service, budget and network policy mean the pods of the deployment', async (t) => {
  const { labels } = deployment.spec.template.metadata
  t.strictSame(deployment.spec.selector.matchLabels, labels)
  t.strictSame(find('Service').spec.selector, labels)
  t.strictSame(find('PodDisruptionBudget').spec.selector.matchLabels, labels)
  t.strictSame(find('NetworkPolicy').spec.podSelector.matchLabels, labels)
  t.strictSame(find('NetworkPolicy').spec.egress, [], 'it calls nobody')
})

t.test('the webhook’s container is set up as the webhook accepts', async (t) => {
  const own = container.env.filter(({ name }: { name: string }) => name.startsWith('AKV_INJECTOR_'))
  const env = Object.fromEntries(
    own.map(({ name, value }: { name: string; value: string }) => [name, value]),
  )
  const read = readSettings({ env, readFile: () => '' })
  if ('problems' in read) throw new Error(JSON.stringify(read.problems))
  const { listen, healthListen, tlsDir, policy } = read.settings
  t.match(container.ports, [{ containerPort: listen.port }, { containerPort: healthListen.port }])
  t.match(container.volumeMounts, [{ mountPath: tlsDir, readOnly: true }])
  t.equal(policy.agentImage, container.image, 'the agent comes from the same image')
  t.equal(podSpec.enableServiceLinks, false)
})

t.test('it holds no token, and passes Pod Security restricted', async (t) => {
  t.equal(podSpec.automountServiceAccountToken, false)
  t.equal(find('ServiceAccount').automountServiceAccountToken, false)
  t.match(podSpec.securityContext, {
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  })
  t.match(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  t.equal(find('Namespace').metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted')
})
