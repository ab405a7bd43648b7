import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { defaultFlags } from '../../certs/settings.ts'
import { placeholderRepository } from '../../image/placeholder-repository.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { renderCheckoutInstallYaml } from '../../release/render-install-yaml.ts'
import { readSettings } from '../../requests/administrator/settings/read-settings.ts'
import { withoutHelm } from './helm.ts'
import { environmentOf, readRendered } from './rendered.ts'

const folder = join(import.meta.dirname, '../../manifests')
const installYaml = readFileSync(join(folder, 'install.yaml'), 'utf8')
const { objects, find } = readRendered(installYaml)

const webhook = find('Deployment', 'akv-injector-webhook')
const certs = find('Deployment', 'akv-injector-certs')
const podSpec = webhook.spec.template.spec
const [container] = podSpec.containers

t.test(
  'install.yaml is the chart, rendered with its defaults',
  { skip: withoutHelm },
  async (t) => {
    t.equal(renderCheckoutInstallYaml(), installYaml, 'npm run install-yaml')
  },
)

t.test(
  'install.yaml’s image can’t be pulled by accident, and its first line says so',
  async (t) => {
    t.match(
      installYaml,
      /^# The chart, rendered with its default values\. Replace (\S+) by the name of your image$/m,
    )
    t.match(installYaml.split('\n')[0], placeholderRepository)
    t.match(placeholderRepository, /^[^/]+\.invalid\//, 'RFC 2606: nobody can own such a domain')
    t.equal(container.image, `${placeholderRepository}:${packageJson.version}`)
  },
)

t.test('no label says that Helm manages it', async (t) => {
  const templates = [webhook, certs].map(({ spec }) => spec.template)
  for (const { metadata } of [...objects, ...templates])
    t.strictSame(
      Object.keys(metadata.labels).filter((key) => /helm|managed-by/.test(key)),
      [],
      metadata.name,
    )
})

t.test('install.yaml is the only file to apply', async (t) => {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile())
  t.strictSame(
    files.map(({ name }) => name),
    ['install.yaml'],
  )
})

t.test('everything that an install needs is there, in one namespace', async (t) => {
  t.strictSame(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort(), [
    'ClusterRole akv-injector-certs',
    'ClusterRoleBinding akv-injector-certs',
    'ConfigMap akv-injector-installed',
    'Deployment akv-injector-certs',
    'Deployment akv-injector-webhook',
    'MutatingWebhookConfiguration zz-akv-injector',
    'Namespace akv-injector',
    'NetworkPolicy akv-injector-certs',
    'NetworkPolicy akv-injector-webhook',
    'PodDisruptionBudget akv-injector-webhook',
    'Role akv-injector-certs',
    'RoleBinding akv-injector-certs',
    'Secret akv-injector-ca',
    'Secret akv-injector-webhook-tls',
    'Service akv-injector-webhook',
    'ServiceAccount akv-injector-certs',
    'ServiceAccount akv-injector-webhook',
    'ValidatingAdmissionPolicy akv-injector-certs',
    'ValidatingAdmissionPolicy akv-injector-ephemeral-containers',
    'ValidatingAdmissionPolicy akv-injector-idle-rollouts',
    'ValidatingAdmissionPolicy akv-injector-uninjected-pods',
    'ValidatingAdmissionPolicy akv-injector-uninjected-workloads',
    'ValidatingAdmissionPolicy akv-injector-unsynced-accounts',
    'ValidatingAdmissionPolicyBinding akv-injector-certs',
    'ValidatingAdmissionPolicyBinding akv-injector-ephemeral-containers',
    'ValidatingAdmissionPolicyBinding akv-injector-idle-rollouts',
    'ValidatingAdmissionPolicyBinding akv-injector-uninjected-pods',
    'ValidatingAdmissionPolicyBinding akv-injector-uninjected-workloads',
    'ValidatingAdmissionPolicyBinding akv-injector-unsynced-accounts',
  ])
  t.equal(objects[0].kind, 'Namespace', 'which the others need')
  for (const { kind, metadata } of objects) {
    const isOfCluster = /^(Cluster|Namespace$|Mutating|Validating)/.test(kind)
    t.equal(metadata.namespace, isOfCluster ? undefined : 'akv-injector', kind)
  }
})

t.test(
  'fields that controllers fill are absent, so applying again doesn’t change them',
  async (t) => {
    t.notOk('caBundle' in find('MutatingWebhookConfiguration').webhooks[0].clientConfig)
    for (const name of ['akv-injector-ca', 'akv-injector-webhook-tls']) {
      const { type, data, stringData } = find('Secret', name)
      t.strictSame(
        { type, data, stringData },
        { type: 'Opaque', data: undefined, stringData: undefined },
      )
    }
  },
)

t.test(
  'Service, disruption budget and network policies select the pods of the Deployments',
  async (t) => {
    for (const { spec, metadata } of [webhook, certs]) {
      const { labels } = spec.template.metadata
      t.match(labels, spec.selector.matchLabels)
      t.strictSame(
        find('NetworkPolicy', metadata.name).spec.podSelector.matchLabels,
        spec.selector.matchLabels,
      )
    }
    const { matchLabels } = webhook.spec.selector
    t.strictSame(find('Service').spec.selector, matchLabels)
    t.strictSame(find('PodDisruptionBudget').spec.selector.matchLabels, matchLabels)
    for (const constraint of podSpec.topologySpreadConstraints)
      t.strictSame(constraint.labelSelector.matchLabels, matchLabels)
  },
)

t.test('the webhook accepts the environment of its container', async (t) => {
  const { NODE_OPTIONS, ...env } = environmentOf(container)
  t.match(NODE_OPTIONS, '--max-semi-space-size=4')
  const read = readSettings({ env, readFile: () => '' })
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems))
  const { listen, healthListen, tlsDir, policy } = read.value
  t.match(container.ports, [{ containerPort: listen.port }, { containerPort: healthListen.port }])
  t.match(container.volumeMounts, [{ mountPath: tlsDir, readOnly: true }])
  t.equal(policy.agentImage, container.image, 'the agent comes from the same image')
  t.equal(podSpec.enableServiceLinks, false)
  t.equal(webhook.spec.replicas, 2)
  t.equal(podSpec.priorityClassName, 'system-cluster-critical')
})

t.test('the certificate controller is given the names of what is installed', async (t) => {
  const [{ args, ports }] = certs.spec.template.spec.containers
  t.strictSame(args, ['certs', '--namespace=akv-injector'])
  t.ok(find('Service', defaultFlags.service))
  t.ok(find('MutatingWebhookConfiguration', defaultFlags.webhookConfiguration))
  t.match(ports, [{ containerPort: Number(defaultFlags.healthListen.split(':')[1]) }])
  t.equal(podSpec.volumes[0].secret.secretName, defaultFlags.tlsSecret)
  t.notOk(podSpec.volumes[0].secret.optional, 'the kubelet waits for it, and sees it at once')
  t.match(podSpec.volumes[0].secret.items, [{ key: 'tls.crt' }, { key: 'tls.key' }])
  t.notMatch(
    JSON.stringify(webhook),
    defaultFlags.caSecret,
    'the webhook never sees the key of the authority',
  )
})

t.test('"kubectl describe pod" shows why a process refused its settings', async (t) => {
  for (const { spec, metadata } of [webhook, certs])
    t.equal(
      spec.template.spec.containers[0].terminationMessagePolicy,
      'FallbackToLogsOnError',
      metadata.name,
    )
})
