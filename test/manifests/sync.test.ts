import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { readSettings } from '../../requests/administrator/settings/read-settings.ts'
import { readSyncSettings } from '../../sync/settings.ts'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { type Rendering, render, templateCommand, withoutHelm } from './helm.ts'
import { environmentOf, type Manifest, readRendered } from './rendered.ts'
import { isRefused } from './security/admission.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const fixture = read('test/fixtures/sync/install.yaml')
const { find } = readRendered(fixture)
const container = find('Deployment').spec.template.spec.containers[0]

const accounts = (...serviceAccounts: readonly unknown[]) => ({ serviceAccounts })
const sync = (namespaces: object, others: object = {}) => ({ sync: { namespaces, ...others } })
const ofSync = ({ text }: Rendering): readonly Manifest[] =>
  readRendered(text).objects.filter(({ metadata }) => metadata.name.startsWith('akv-injector-sync'))

t.test(
  'the manifests of the cluster tests are what the chart renders',
  { skip: withoutHelm },
  async (t) => {
    const values = parse(read('test/fixtures/sync/values.yaml'))
    for (const [file, only, ...set] of [
      ['install', 'templates/sync/*'],
      ['unsynced', 'templates/policies/unsynced.yaml'],
      ['idle-rollouts', 'templates/policies/idle-rollouts.yaml', 'sync.rollouts.enabled=true'],
    ] as const)
      t.equal(
        render({ values, set, only: [only] }).text,
        read(`test/fixtures/sync/${file}.yaml`),
        `${templateCommand} --values test/fixtures/sync/values.yaml ${set.map((value) => `--set ${value} `).join('')}--show-only '${only}' > test/fixtures/sync/${file}.yaml`,
      )
  },
)

t.test('an install without sync contains nothing of sync', async (t) => {
  t.notMatch(read('manifests/install.yaml'), 'akv-injector-sync')
})

t.test('the controller accepts its arguments and environment', async (t) => {
  const { NODE_OPTIONS, ...env } = environmentOf(container)
  const [command, flag, watch, ...kinds] = container.args
  t.strictSame([command, flag], ['sync', '--watch'])
  t.strictSame(kinds, ['--classes', '--external-secrets'])
  const flags = { watch, healthListen: '0.0.0.0:8080', classes: true, externalSecrets: true }
  const read = readSyncSettings(flags, env)
  if (read.kind === 'invalid') throw new Error(read.problems.join('\n'))
  t.match(read.value, { watch: 'cluster', kinds: ['SecretProviderClass', 'ExternalSecret'] })
})

t.test('roll-outs are an option of the controller', { skip: withoutHelm }, async (t) => {
  const containerWith = (rollouts: object) => {
    const values = { sync: { enabled: true, rollouts } }
    const { find } = readRendered(render({ values }).text)
    return find('Deployment', 'akv-injector-sync').spec.template.spec.containers[0]
  }
  const ofRollouts = (rollouts: object) =>
    Object.entries(environmentOf(containerWith(rollouts))).filter(([name]) =>
      name.startsWith('AKV_INJECTOR_ROLLOUTS_'),
    )
  t.strictSame(ofRollouts({}), [])
  t.notOk(containerWith({}).args.includes('--rollouts'))
  t.ok(containerWith({ enabled: true }).args.includes('--rollouts'))
  t.strictSame(Object.fromEntries(ofRollouts({ enabled: true })), {
    AKV_INJECTOR_ROLLOUTS_INTERVAL: '5m',
    AKV_INJECTOR_ROLLOUTS_CONCURRENT: '5',
    AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL: '10m',
    AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY: '6',
  })
  const given = { interval: '1h', concurrent: 1, minInterval: '1m30s', maxPerDay: 24 }
  t.strictSame(Object.fromEntries(ofRollouts({ enabled: true, ...given })), {
    AKV_INJECTOR_ROLLOUTS_INTERVAL: '1h',
    AKV_INJECTOR_ROLLOUTS_CONCURRENT: '1',
    AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL: '1m30s',
    AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY: '24',
  })
})

t.test('exceptions go to the policy and to the controller', { skip: withoutHelm }, async (t) => {
  const allowedMetadata = ['owner=helm', 'sh.helm.release.v1.*', 'cacerts']
  const namespaces = {
    shop: { allowedMetadata },
    none: null,
    other: accounts('web'),
  }
  const { find } = readRendered(render({ values: sync(namespaces, { enabled: true }) }).text)
  const { variables } = find('ValidatingAdmissionPolicy', 'akv-injector-sync-secrets').spec
  const { expression } = variables.find(({ name }: Manifest) => name === 'allowed')
  t.strictSame(JSON.parse(expression.replace('[?request.namespace].orValue([])', '')), {
    shop: ['cacerts', 'owner=helm', 'sh.helm.release.v1.*'],
  })
  const { spec } = find('Deployment', 'akv-injector-sync').spec.template
  const { NODE_OPTIONS, ...env } = environmentOf(spec.containers[0])
  const read = readSettings({ env, readFile: () => '', agentImage: 'none' })
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems))
  t.strictSame(
    read.value.policy.allowedMetadata,
    new Map([['shop', new Set(allowedMetadata.toSorted())]]),
  )
  t.match(
    render({ values: sync({ shop: { ...accounts('web'), allowedMetadata: ['owner'] } }) }).problem,
    'sync.namespaces.shop.allowedMetadata has "owner", but Secret sync refuses no such name, label or annotation',
  )
})

t.test(
  'without sync.classes, it neither reads nor may read classes',
  { skip: withoutHelm },
  async (t) => {
    const off = render({ values: { sync: { enabled: true } } })
    for (const object of ofSync(off))
      t.notMatch(JSON.stringify(object), /secretproviderclasses|--classes|CSI_REFRESH/)
    t.notMatch(off.text, 'kind: CustomResourceDefinition')
    const on = render({
      values: { sync: { enabled: true, classes: true }, csi: { refresh: '2m' } },
    })
    const { spec } = readRendered(on.text).find('Deployment', 'akv-injector-sync').spec.template
    t.equal(environmentOf(spec.containers[0])['AKV_INJECTOR_CSI_REFRESH'], '2m')
    t.match(on.text, 'name: secretproviderclasses.secrets-store.csi.x-k8s.io')
  },
)

t.test(
  'without sync.externalSecrets, it neither reads nor may read them',
  { skip: withoutHelm },
  async (t) => {
    const off = render({ values: { sync: { enabled: true } } })
    for (const object of ofSync(off))
      t.notMatch(JSON.stringify(object), /external-secrets(?!\.io\/type)|statuses/)
    const values = (more: object) => ({
      values: { sync: { enabled: true, externalSecrets: true, ...more } },
    })
    const { objects } = readRendered(render(values({})).text)
    const isCrd = ({ kind }: { readonly kind: string }) => kind === 'CustomResourceDefinition'
    t.equal(objects.filter(isCrd).length, 3)
    t.notMatch(render(values({ crds: false })).text, 'kind: CustomResourceDefinition')
  },
)

t.test('what sync reads is refused while sync is off', { skip: withoutHelm }, async (t) => {
  for (const name of ['classes', 'externalSecrets'])
    for (const namespaces of [{}, { shop: accounts() }, { shop: null }])
      t.match(
        render({ values: sync(namespaces, { [name]: true }) }).problem,
        `sync.${name} is true, but Secret sync is off. Set sync.enabled to true, or sync.${name} to false`,
      )
})

t.test('the chart can set every setting that it reads', { skip: withoutHelm }, async (t) => {
  const { certificatePem } = await issueTestAuthority()
  const values = {
    sync: { enabled: true, logLevel: 'debug', env: { NO_PROXY: '.example' } },
    tenantId: '11111111-2222-3333-4444-555555555555',
    defaultVault: 'shop-prod',
    allowedVaults: { shop: ['shop-prod'] },
    cloud: {
      name: 'custom',
      authorityHost: 'https://login.example',
      vaultUrl: 'https://{vault}.vault.example',
      vaultAudience: 'https://vault.example',
      ca: certificatePem,
    },
  }
  const rendered = readRendered(render({ values }).text)
  const { spec, metadata } = rendered.find('Deployment', 'akv-injector-sync').spec.template
  const { NODE_OPTIONS, NO_PROXY, ...env } = environmentOf(spec.containers[0])
  t.equal(NO_PROXY, '.example')
  const { AKV_INJECTOR_CA_FILE } = env
  const [{ mountPath }] = spec.containers[0].volumeMounts
  const { data } = rendered.find('ConfigMap', spec.volumes[0].configMap.name)
  const read = readSettings({
    env,
    agentImage: 'none',
    readFile: (path) => data[path.replace(`${mountPath}/`, '')],
  })
  if (read.kind === 'invalid') throw new Error(JSON.stringify(read.problems))
  t.match(read.value, {
    logLevel: 'debug',
    policy: {
      defaultVault: 'shop-prod',
      defaultTenantId: values.tenantId,
      cloud: { authorityHost: 'https://login.example', audience: 'https://vault.example' },
      allowedVaults: new Map([['shop', new Set(['shop-prod'])]]),
    },
  })
  t.equal(read.value.policy.cloud.ca, certificatePem)
  t.ok(AKV_INJECTOR_CA_FILE)
  t.ok(metadata.annotations['akv-injector-cloud-ca/sha256'], 'another CA is another pod')
})

t.test('the sync controller runs as one pod, whose health is checked', async (t) => {
  const { spec } = find('Deployment')
  t.match(spec, { replicas: 1, strategy: { type: 'Recreate' } })
  t.match(spec.template.metadata.labels, spec.selector.matchLabels)
  t.equal(container.terminationMessagePolicy, 'FallbackToLogsOnError', 'for kubectl describe')
  t.match(container.ports, [{ containerPort: 8080 }])
  t.equal(container.livenessProbe.httpGet.path, '/healthz')
  t.equal(container.readinessProbe.httpGet.path, '/readyz')
})

t.test('the policies apply to its account in any namespace', { skip: withoutHelm }, async (t) => {
  const values = { sync: { enabled: true } }
  const policies = ofSync(render({ values, namespace: 'keyvault' }))
  const foreignSecret = { operation: 'DELETE', resource: 'secrets', oldObject: { metadata: {} } }
  const isRefusedTo = (namespace: string) =>
    isRefused(policies, {
      ...foreignSecret,
      namespace: { name: 'a' },
      user: `system:serviceaccount:${namespace}:akv-injector-sync`,
    })
  t.ok(isRefusedTo('keyvault'))
  t.notOk(isRefusedTo('akv-injector'))
})
