import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { versionLabel } from '../../lib/version.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { readSettings } from '../../requests/administrator/settings/read-settings.ts'
import { settingNames } from '../../requests/administrator/settings/setting-names.ts'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { type RenderOptions, render, withoutHelm } from './helm.ts'
import { environmentOf, readRendered } from './rendered.ts'

const chartYaml = join(import.meta.dirname, '../../manifests/chart/Chart.yaml')
const { certificatePem } = await issueTestAuthority()
const uuid = '11111111-2222-3333-4444-555555555555'

t.test(
  'the chart has the package’s version, and requires a Kubernetes with stable native sidecars',
  async (t) => {
    const chart = parse(readFileSync(chartYaml, 'utf8'))
    t.match(chart, { version: packageJson.version, appVersion: packageJson.version })
    t.equal(chart.kubeVersion, '>=1.33.0-0')
  },
)

t.test(
  'Helm refuses what the schema refuses, and names the key',
  { skip: withoutHelm },
  async (t) => {
    const { ok, problem } = render({ values: { webhook: { replica: 3 } } })
    t.notOk(ok)
    t.match(problem, /webhook.*additional properties 'replica' not allowed/)
  },
)

t.test('Kubernetes below 1.33 is refused', { skip: withoutHelm }, async (t) => {
  t.match(render({ kubeVersion: '1.32.9' }).problem, 'requires kubeVersion: >=1.33.0-0')
  t.ok(render({ kubeVersion: '1.33.0-gke.1' }).ok)
})

t.test(
  'the webhook gets the version of the API server, or the one that the values name, and helm test the oldest nodes',
  { skip: withoutHelm },
  async (t) => {
    const versionsIn = (options: RenderOptions) => {
      const { find } = readRendered(render({ ...options, withTests: true }).text)
      const { spec } = find('Deployment', 'akv-injector-webhook').spec.template
      return [
        environmentOf(spec.containers[0])['AKV_INJECTOR_KUBERNETES_VERSION'],
        environmentOf(find('Pod').spec.containers[0])['OLDEST_NODE'],
      ]
    }
    const cases: readonly (readonly [string, string, readonly string[]])[] = [
      ['1.33.13', '', ['1.33', '1.33']],
      ['v1.34.2-eks-8d8c5b0', '', ['1.34', '1.33']],
      ['1.40.0', '', ['1.40', '1.35']],
      ['1.36.3', '1.34', ['1.34', '1.33']],
      ['1.34.2', 'v1.35.4-gke.100', ['1.35', '1.35']],
    ]
    for (const [kubeVersion, kubernetesVersion, expected] of cases)
      t.strictSame(versionsIn({ kubeVersion, values: { kubernetesVersion } }), expected)
    // YAML reads an unquoted 1.40 as the number 1.4.
    for (const kubernetesVersion of [1.4, '2.0', '1.x', '1.33 ', 'latest'])
      t.match(render({ values: { kubernetesVersion } }).problem, 'kubernetesVersion')
  },
)

t.test(
  'values that contradict each other are refused with an explanation',
  { skip: withoutHelm },
  async (t) => {
    const cases: readonly (readonly [object, string])[] = [
      [
        { cloud: { vaultAudience: 'https://a.example' } },
        'cloud.vaultAudience is only valid with cloud.name=custom',
      ],
      [{ cloud: { name: 'custom' } }, 'cloud.authorityHost is required'],
      [
        { cloud: { name: 'china', authorityHost: 'https://login.example' } },
        'expected https://login.chinacloudapi.cn or https://login.partner.microsoftonline.cn',
      ],
      [
        { cloud: { name: 'usgov', authorityHost: 'https://login.microsoftonline.us' } },
        'cloud.authorityHost is only valid with cloud.name=custom, but cloud.name is usgov',
      ],
      [
        { certs: { mode: 'files', files: { caBundle: certificatePem } } },
        'certs.files.secretName is required',
      ],
      [
        { certs: { mode: 'files', files: { secretName: 'own' } } },
        'certs.files.caBundle is required',
      ],
      [
        { certs: { files: { secretName: 'own' } } },
        'certs.files.secretName is only valid with certs.mode=files',
      ],
      [
        { image: { repository: 'registry.example:5000/akv-injector:1' } },
        'image.repository is "registry.example:5000/akv-injector:1", but ":1" is a tag or a digest',
      ],
      [
        { image: { repository: '' } },
        'image.repository is required, because this chart has no default image: set it to',
      ],
      [
        { webhook: { clientCertificates: { names: ['kube-apiserver'] } } },
        'webhook.clientCertificates.names is set, but neither configMapName nor secretName',
      ],
      [
        { webhook: { clientCertificates: { configMapName: 'a', secretName: 'b' } } },
        'webhook.clientCertificates names the ConfigMap "a" and the Secret "b". Choose one',
      ],
      [
        { agent: { fastStart: true }, kubernetesVersion: '1.34' },
        'agent.fastStart is true, but pods run on Kubernetes 1.34',
      ],
      [{ image: { repository: 'a/b@sha256:0' } }, '"@sha256:0" is a tag or a digest'],
    ]
    for (const [values, sentence] of cases) t.match(render({ values }).problem, sentence)
  },
)

t.test(
  'the CA of clients is mounted from a ConfigMap or a Secret, and by default from neither',
  { skip: withoutHelm },
  async (t) => {
    const rendered = (clientCertificates: object) => {
      const values = { webhook: { clientCertificates } }
      const { find } = readRendered(render({ values, withTests: true }).text)
      const { spec } = find('Deployment', 'akv-injector-webhook').spec.template
      return { ...spec, test: environmentOf(find('Pod').spec.containers[0]) }
    }
    const items = [{ key: 'ca.crt', path: 'ca.crt' }]
    for (const [value, source] of [
      [{ configMapName: 'api-servers' }, { configMap: { name: 'api-servers', items } }],
      [{ secretName: 'api-servers' }, { secret: { secretName: 'api-servers', items } }],
    ] as const) {
      const { volumes, containers, test } = rendered(value)
      const found = volumes.filter(({ name }: { name: string }) => name === 'clients')
      t.strictSame(found, [{ name: 'clients', ...source }])
      t.match(
        containers[0].volumeMounts.find(({ name }: { name: string }) => name === 'clients'),
        { mountPath: '/etc/akv-injector/clients', readOnly: true },
      )
      const env = environmentOf(containers[0])
      t.equal(env['AKV_INJECTOR_CLIENT_CA_FILE'], '/etc/akv-injector/clients/ca.crt')
      t.notOk('AKV_INJECTOR_CLIENT_NAMES' in env)
      t.equal(test['CLIENT_CERTIFICATES'], 'true')
    }
    const { volumes, containers, test } = rendered({})
    t.strictSame(
      volumes.map(({ name }: { name: string }) => name),
      ['tls'],
    )
    t.notOk('AKV_INJECTOR_CLIENT_CA_FILE' in environmentOf(containers[0]))
    t.notOk('CLIENT_CERTIFICATES' in test)
  },
)

t.test('the chart can set every setting of the webhook', { skip: withoutHelm }, async (t) => {
  const values = {
    tenantId: uuid,
    kubernetesVersion: '1.35',
    defaultVault: 'team-a',
    allowedVaults: { shop: ['shop-prod', 'shared'], none: [], '*': ['shared'] },
    defaults: {
      shop: { vault: 'shop-prod', metrics: 19_980, refresh: null },
      '*': { refresh: '0' },
    },
    cloud: {
      name: 'custom',
      authorityHost: 'https://login.example',
      vaultUrl: 'https://{vault}.vault.example',
      vaultAudience: 'https://vault.example',
      ca: certificatePem,
    },
    image: { pullPolicy: 'IfNotPresent', digest: `sha256:${'0'.repeat(64)}` },
    agent: {
      image: 'registry.example/agent:1',
      requests: { cpu: '20m', memory: '100Mi' },
      limits: { cpu: 1, memory: '200Mi' },
      volumeSizeLimit: '32Mi',
      metricsPort: 19_980,
      allowRoot: true,
      allowExposed: true,
      fastStart: true,
      namesPod: true,
    },
    identityBinding: {
      enabled: true,
      serverName: 'a1.ests.aks',
      tokenProxy: 'https://10.0.0.1:8443',
    },
    proxy: { httpsProxy: 'http://proxy.example:3128', noProxy: '.internal.example' },
    webhook: {
      logLevel: 'debug',
      securePort: 9443,
      healthPort: 9080,
      clientCertificates: { configMapName: 'api-servers', names: ['kube-apiserver', 'a.example'] },
    },
  }
  const { find } = readRendered(render({ values }).text)
  const { NODE_OPTIONS, ...env } = environmentOf(
    find('Deployment', 'akv-injector-webhook').spec.template.spec.containers[0],
  )
  t.strictSame(
    settingNames.filter((name) => !(name in env)),
    [
      'AKV_INJECTOR_ALLOWED_METADATA',
      'AKV_INJECTOR_CSI',
      'AKV_INJECTOR_CSI_REFRESH',
      // It is mounted where the webhook looks.
      'AKV_INJECTOR_IDENTITY_BINDING_CA_FILE',
      // Those of Secret sync.
      'AKV_INJECTOR_ROLLOUTS_CONCURRENT',
      'AKV_INJECTOR_ROLLOUTS_INTERVAL',
      'AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY',
      'AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL',
    ],
  )
  const readFile = (path: string) =>
    path.endsWith('defaults.yaml')
      ? find('ConfigMap', 'akv-injector-defaults').data['defaults.yaml']
      : find('ConfigMap', 'akv-injector-webhook').data['ca.crt']
  const settings = readSettings({ env, readFile })
  if (settings.kind === 'invalid') throw new Error(JSON.stringify(settings.problems))
  t.strictSame(settings.value.policy, {
    versionLabel,
    agentImage: 'registry.example/agent:1',
    agentImagePullPolicy: 'IfNotPresent',
    cloudName: 'custom',
    cloud: {
      authorityHost: 'https://login.example',
      vaultUrl: 'https://{vault}.vault.example',
      audience: 'https://vault.example',
      ca: certificatePem,
    },
    tokenProxy: { kind: 'unknown', reason: 'the API server has not been asked yet' },
    defaultVault: 'team-a',
    defaultTenantId: uuid,
    teamDefaults: new Map([
      ['*', { refresh: '0' }],
      ['shop', { metrics: '19980', vault: 'shop-prod' }],
    ]),
    allowedVaults: new Map([
      ['*', new Set(['shared'])],
      ['none', new Set()],
      ['shop', new Set(['shop-prod', 'shared'])],
    ]),
    allowExposedAgents: true,
    allowRoot: true,
    fastStart: true,
    namesPods: true,
    agentProxy: { url: 'http://proxy.example:3128', exceptions: '.internal.example' },
    kubernetesMinor: 35,
    agentRequests: { cpu: '20m', memory: '100Mi' },
    agentLimits: { cpu: '1', memory: '200Mi' },
    volumeSizeLimit: '32Mi',
    metricsPort: 19_980,
    agentLogLevel: 'info',
    csiRefreshSeconds: 0,
  })
})

t.test('an image may come from any registry', { skip: withoutHelm }, async (t) => {
  const imageOf = (values: object) => {
    const { spec } = readRendered(render({ values }).text).find(
      'Deployment',
      'akv-injector-webhook',
    ).spec.template
    const [{ image, env }] = spec.containers
    t.match(env, [{ name: 'AKV_INJECTOR_AGENT_IMAGE', value: image }], 'the agent too')
    return { image, pullSecrets: spec.imagePullSecrets }
  }
  const { version } = packageJson
  const images: readonly (readonly [string, string | undefined, string])[] = [
    ['registry.example:5000/team/akv', undefined, 'registry.example:5000/team/akv'],
    [
      'ghcr.io/akv-injector/akv-injector',
      'mirror.example',
      'mirror.example/akv-injector/akv-injector',
    ],
    ['localhost/akv', 'mirror.example:5000/', 'mirror.example:5000/akv'],
    ['team/akv', 'mirror.example/all', 'mirror.example/all/team/akv'],
    ['akv', 'mirror.example', 'mirror.example/akv'],
  ]
  for (const [repository, imageRegistry, expected] of images)
    t.equal(
      imageOf({ image: { repository }, global: { imageRegistry } }).image,
      `${expected}:${version}`,
    )

  const global = { imagePullSecrets: ['mirror', { name: 'other' }], storageClass: 'not ours' }
  t.strictSame(imageOf({ global, image: { pullSecrets: ['own', 'mirror'] } }).pullSecrets, [
    { name: 'own' },
    { name: 'mirror' },
    { name: 'other' },
  ])
})

t.test('null removes a default resource', { skip: withoutHelm }, async (t) => {
  const nothing = { cpu: null, memory: null }
  const { find } = readRendered(
    render({ values: { agent: { requests: nothing, limits: nothing } } }).text,
  )
  t.match(
    environmentOf(find('Deployment', 'akv-injector-webhook').spec.template.spec.containers[0]),
    { AKV_INJECTOR_AGENT_REQUESTS: '', AKV_INJECTOR_AGENT_LIMITS: '' },
  )
})

t.test(
  'it is installed into the chosen namespace, but never into "default"',
  { skip: withoutHelm },
  async (t) => {
    const { objects, find } = readRendered(render({ namespace: 'keyvault', withTests: true }).text)
    t.notOk(find('Namespace'))
    t.notMatch(JSON.stringify(objects), /"namespace":"(?!keyvault)/)
    t.match(
      find('MutatingWebhookConfiguration').webhooks[0].namespaceSelector.matchExpressions[0].values,
      ['keyvault'],
    )
    t.match(
      JSON.stringify(find('ValidatingAdmissionPolicy', 'akv-injector-certs')),
      'system:serviceaccount:keyvault:',
    )
  },
)

t.test(
  'helm test leaves no objects behind, whether it passes or fails',
  { skip: withoutHelm },
  async (t) => {
    const { objects } = readRendered(render({ withTests: true }).text)
    const hooks = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'])
    t.equal(hooks.length, 4)
    for (const { metadata } of hooks)
      t.strictSame(metadata.annotations['helm.sh/hook-delete-policy'].split(','), [
        'before-hook-creation',
        'hook-succeeded',
        'hook-failed',
      ])
  },
)

t.test(
  'with cert-manager, the certificate controller isn’t installed',
  { skip: withoutHelm },
  async (t) => {
    const own = readRendered(render({ values: { certs: { mode: 'cert-manager' } } }).text)
    t.strictSame(
      own.objects
        .filter(({ kind }) => /Role|Secret|Policy$/.test(kind))
        .map(({ metadata }) => metadata.name),
      [
        'akv-injector-webhook',
        'akv-injector-ephemeral-containers',
        'akv-injector-idle-rollouts',
        'akv-injector-uninjected-pods',
        'akv-injector-uninjected-workloads',
        'akv-injector-unsynced-accounts',
      ],
      'the rest is the webhook’s',
    )
    const certificate = own.find('Certificate', 'akv-injector-webhook')
    t.strictSame(certificate.spec.dnsNames, ['akv-injector-webhook.akv-injector.svc'])
    t.equal(
      own.find('Deployment').spec.template.spec.volumes[0].secret.secretName,
      certificate.spec.secretName,
    )
    t.strictSame(own.find('MutatingWebhookConfiguration').metadata.annotations, {
      'cert-manager.io/inject-ca-from': 'akv-injector/akv-injector-webhook',
    })
    t.strictSame(certificate.spec.issuerRef, { kind: 'Issuer', name: 'akv-injector-authority' })

    const issuerRef = { name: 'internal', kind: 'ClusterIssuer' }
    const others = readRendered(
      render({ values: { certs: { mode: 'cert-manager', certManager: { issuerRef } } } }).text,
    )
    t.notOk(others.find('Issuer'))
    t.strictSame(others.find('Certificate').spec.issuerRef, issuerRef)
  },
)

t.test(
  'certificate files of the administrator are used unchanged',
  { skip: withoutHelm },
  async (t) => {
    const files = { secretName: 'own', caBundle: certificatePem }
    const { objects, find } = readRendered(
      render({ values: { certs: { mode: 'files', files } } }).text,
    )
    t.notOk(objects.some(({ kind }) => kind === 'Secret'))
    t.equal(find('Deployment').spec.template.spec.volumes[0].secret.secretName, 'own')
    const { caBundle } = find('MutatingWebhookConfiguration').webhooks[0].clientConfig
    t.equal(Buffer.from(caBundle, 'base64').toString(), certificatePem)
  },
)
