import t from 'tap'
import { versionLabel } from '../../../../lib/version.ts'
import {
  type ReadSettings,
  readSettings,
} from '../../../../requests/administrator/settings/read-settings.ts'
import {
  type Environment,
  settingNames,
} from '../../../../requests/administrator/settings/setting-names.ts'
import { issueTestAuthority } from '../../../support/issue-test-authority.ts'
import { policy } from '../../../webhook/core/policy.ts'

const image = { AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1.0.0' }
const custom = {
  ...image,
  AKV_INJECTOR_CLOUD: 'custom',
  AKV_INJECTOR_AUTHORITY_HOST: 'https://localhost:8444',
  AKV_INJECTOR_VAULT_URL: 'https://localhost:8444/{vault}',
}
const noFile = (path: string): string => {
  throw new Error(`ENOENT: no such file or directory, open '${path}'`)
}
const read = (env: Environment, readFile = noFile) => readSettings({ env, readFile })
const settingsOf = (result: ReadSettings) => (result.kind === 'valid' ? result.value : undefined)
const problemsOf = (result: ReadSettings) => (result.kind === 'invalid' ? result.problems : [])

t.test('one setting is enough to start, because the others have defaults', async (t) => {
  t.strictSame(read({ ...image, PATH: '/bin', AKV: 'x' }), {
    kind: 'valid',
    value: {
      policy: { ...policy, versionLabel },
      listen: { host: '0.0.0.0', port: 8443 },
      healthListen: { host: '0.0.0.0', port: 8080 },
      tlsDir: '/etc/akv-injector/tls',
      csi: 'none',
      logLevel: 'info',
    },
  })
})

t.test('every setting is read', async (t) => {
  const { certificatePem } = await issueTestAuthority()
  const env = {
    ...custom,
    AKV_INJECTOR_AGENT_FAST_START: 'true',
    AKV_INJECTOR_AGENT_HTTPS_PROXY: 'http://proxy.example:3128',
    AKV_INJECTOR_AGENT_IMAGE_PULL_POLICY: 'Always',
    AKV_INJECTOR_AGENT_LIMITS: 'cpu=1,memory=1Gi',
    AKV_INJECTOR_AGENT_METRICS: '19980',
    AKV_INJECTOR_AGENT_NAMES_POD: 'true',
    AKV_INJECTOR_AGENT_NO_PROXY: '.internal.example,10.0.0.0/8,[::1]',
    AKV_INJECTOR_AGENT_REQUESTS: '',
    AKV_INJECTOR_ALLOWED_METADATA:
      'argocd=argocd.argoproj.io/secret-type + owner=helm; web=cacerts;',
    AKV_INJECTOR_ALLOWED_VAULTS: 'web = Team-A + team-b; none=; *=shared;',
    AKV_INJECTOR_ALLOW_EXPOSED_AGENTS: 'true',
    AKV_INJECTOR_ALLOW_ROOT: 'True',
    AKV_INJECTOR_CA_FILE: '/ca.pem',
    AKV_INJECTOR_CLIENT_CA_FILE: '/clients.pem',
    AKV_INJECTOR_CLIENT_NAMES: 'kube-apiserver, api.cluster.example',
    AKV_INJECTOR_CSI: 'labelled',
    AKV_INJECTOR_CSI_REFRESH: '2m',
    AKV_INJECTOR_DEFAULTS_FILE: '/defaults.yaml',
    AKV_INJECTOR_DEFAULT_TENANT_ID: '11111111-1111-1111-1111-AAAAAAAAAAAA',
    AKV_INJECTOR_DEFAULT_VAULT: 'Team-A',
    AKV_INJECTOR_HEALTH_LISTEN: '[::1]:0',
    AKV_INJECTOR_IDENTITY_BINDING: 'true',
    AKV_INJECTOR_IDENTITY_BINDING_CA_FILE: '/cluster.pem',
    AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME: 'a1.ests.aks',
    AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY: 'https://10.0.0.1:8443/',
    AKV_INJECTOR_KUBERNETES_VERSION: 'v1.35.2-eks-8d8c5b0',
    AKV_INJECTOR_LISTEN: 'localhost:1',
    AKV_INJECTOR_LOG_LEVEL: 'debug',
    // Only Secret sync reads these.
    AKV_INJECTOR_ROLLOUTS_CONCURRENT: '5',
    AKV_INJECTOR_ROLLOUTS_INTERVAL: '5m',
    AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY: '6',
    AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL: '10m',
    AKV_INJECTOR_TLS_DIR: './tls',
    AKV_INJECTOR_VAULT_AUDIENCE: 'https://vault.example/',
    AKV_INJECTOR_VOLUME_SIZE_LIMIT: '1Gi',
  }
  t.strictSame(Object.keys(env).sort(), [...settingNames].sort(), 'this test knows them all')
  const readFile = (path: string) =>
    path === '/defaults.yaml'
      ? 'shop: { vault: shop-prod }'
      : `${path} is for the proxy\n${certificatePem}`
  t.strictSame(settingsOf(read(env, readFile)), {
    policy: {
      versionLabel,
      agentImage: image.AKV_INJECTOR_AGENT_IMAGE,
      agentImagePullPolicy: 'Always',
      agentProxy: {
        url: 'http://proxy.example:3128',
        exceptions: '.internal.example,10.0.0.0/8,[::1]',
      },
      cloudName: 'custom',
      cloud: {
        authorityHost: 'https://localhost:8444',
        vaultUrl: 'https://localhost:8444/{vault}',
        audience: 'https://vault.example',
        ca: certificatePem,
      },
      defaultVault: 'team-a',
      defaultTenantId: '11111111-1111-1111-1111-aaaaaaaaaaaa',
      teamDefaults: new Map([['shop', { vault: 'shop-prod' }]]),
      allowedMetadata: new Map([
        ['argocd', new Set(['argocd.argoproj.io/secret-type', 'owner=helm'])],
        ['web', new Set(['cacerts'])],
      ]),
      allowedVaults: new Map([
        ['web', new Set(['team-a', 'team-b'])],
        ['none', new Set()],
        ['*', new Set(['shared'])],
      ]),
      allowExposedAgents: true,
      allowRoot: true,
      fastStart: true,
      namesPods: true,
      kubernetesMinor: 35,
      agentRequests: {},
      agentLimits: { cpu: '1', memory: '1Gi' },
      volumeSizeLimit: '1Gi',
      metricsPort: 19_980,
      agentLogLevel: 'info',
      csiRefreshSeconds: 120,
      tokenProxy: { kind: 'unknown', reason: 'the API server has not been asked yet' },
    },
    tokenProxy: {
      url: 'https://10.0.0.1:8443',
      caFile: '/cluster.pem',
      serverName: 'a1.ests.aks',
    },
    clients: { caFile: '/clients.pem', names: ['kube-apiserver', 'api.cluster.example'] },
    defaultsFile: '/defaults.yaml',
    csi: 'labelled',
    listen: { host: '127.0.0.1', port: 1 },
    healthListen: { host: '::1', port: 0 },
    tlsDir: './tls',
    logLevel: 'debug',
  })
})

t.test('a sovereign cloud has its own hosts and audience', async (t) => {
  const cloudOf = (name: string) =>
    settingsOf(read({ ...image, AKV_INJECTOR_CLOUD: name }))?.policy.cloud
  t.strictSame(cloudOf('usgov'), {
    authorityHost: 'https://login.microsoftonline.us',
    vaultUrl: 'https://{vault}.vault.usgovcloudapi.net',
    audience: 'https://vault.usgovcloudapi.net',
  })
  t.match(cloudOf('china'), {
    authorityHost: 'https://login.chinacloudapi.cn',
    audience: 'https://vault.azure.cn',
  })
})

t.test('each wrong value is named, with what was found and what is accepted', async (t) => {
  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    [
      'AGENT_HTTPS_PROXY',
      [
        '',
        'proxy.example:3128',
        'socks://proxy.example',
        'http://',
        'http://me:pass@proxy.example',
        'http://proxy.example/path',
        `http://${'a'.repeat(512)}`,
      ],
      /expected an http or https URL without credentials/,
    ],
    ['AGENT_NO_PROXY', ['', 'a, b', 'a\nb', 'a,'.repeat(2049)], /expected hosts, domains/],
    ['AGENT_FAST_START', ['', '1', 'yes', '1.36'], /expected "true" or "false"/],
    ['AGENT_IMAGE', ['', ' ', 'a b', '$(X)', '"x"', '-x'], /expected an image reference/],
    ['AGENT_IMAGE_PULL_POLICY', ['', 'always'], /expected one of Always, IfNotPresent, Never/],
    ['AGENT_LIMITS', ['cpu', 'gpu=1', 'cpu=1,cpu=2', 'cpu=-1'], /expected|twice/],
    ['AGENT_REQUESTS', ['memory=lots'], /expected/],
    [
      'ALLOWED_METADATA',
      ['web', 'Web=cacerts', '*=cacerts', '=cacerts'],
      /expected namespace=entry\+entry/,
    ],
    [
      'ALLOWED_METADATA',
      ['a=argocd.argoproj.io/secret-typ'],
      /isn't among the names, labels and annotations that are refused; did you mean argocd.argoproj.io\/secret-type\?/,
    ],
    [
      'ALLOWED_METADATA',
      ['a=', 'a=owner', 'a=cacerts+'],
      /isn't among the names, labels and annotations that are refused; accepted: /,
    ],
    ['ALLOWED_METADATA', ['a=cacerts;a=cacerts'], /namespace a is given twice/],
    ['ALLOWED_VAULTS', ['', ' ; '], /leave it out to allow every vault/],
    [
      'ALLOWED_VAULTS',
      ['web', 'Web=team-a', 'a=team-a=b', '**=team-a'],
      /expected namespace=vault/,
    ],
    ['ALLOWED_VAULTS', ['a=*', 'a=x+team-a', 'a=team-a+'], /isn't a valid vault name/],
    ['ALLOWED_VAULTS', ['a=team-a;a=team-b'], /namespace a is given twice/],
    ['ALLOW_EXPOSED_AGENTS', ['', '1', 'shop'], /expected "true" or "false"/],
    ['ALLOW_ROOT', ['', '1', 'yes'], /expected "true" or "false"/],
    ['CLOUD', ['', 'Public', 'azure'], /expected one of public, usgov, china, custom/],
    ['DEFAULT_TENANT_ID', ['', 'contoso.onmicrosoft.com'], /expected a UUID/],
    ['DEFAULT_VAULT', ['', 'x', 'https://team-a.vault.azure.net'], /expected the name of a vault/],
    [
      'KUBERNETES_VERSION',
      ['', '1', '1.x', '2.1', '1.1000', '1.33.\n', `1.33.${'0'.repeat(101)}`],
      /expected a version of Kubernetes, such as 1\.35/,
    ],
    ['LISTEN', ['', '8443', ':8443', 'a:b', 'a:65536', '::1:80', 'a:1 '], /expected an address/],
    ['HEALTH_LISTEN', ['http://0.0.0.0:8080'], /expected an address/],
    ['LOG_LEVEL', ['', 'trace', 'INFO'], /expected one of debug, info, warn, error/],
    ['TLS_DIR', ['', 'a\0b'], /expected the path of a folder/],
    ['VOLUME_SIZE_LIMIT', ['', '0', '16 MB', '100m'], /expected a quantity of bytes/],
  ]
  for (const [name, values, sentence] of wrong)
    for (const value of values) {
      const setting = `AKV_INJECTOR_${name}`
      const problems = problemsOf(read({ ...image, [setting]: value }))
      t.match(problems, [{ path: [setting], sentence }], `${setting}=${value}`)
      t.equal(problems.length, 1, 'and nothing else is')
    }
})

t.test('names of clients are whole names, and need a CA', async (t) => {
  const file = { ...image, AKV_INJECTOR_CLIENT_CA_FILE: '/clients.pem' }
  t.strictSame(settingsOf(read(file))?.clients, { caFile: '/clients.pem', names: [] })
  const many = Array.from({ length: 33 }, (_, index) => `name-${index}`).join(',')
  for (const names of ['', 'a,,b', '*.example', '.example', 'a\nb', 'a'.repeat(254), many])
    t.match(problemsOf(read({ ...file, AKV_INJECTOR_CLIENT_NAMES: names })), [
      { path: ['AKV_INJECTOR_CLIENT_NAMES'], sentence: /expected common names or DNS names/ },
    ])
  t.match(problemsOf(read({ ...image, AKV_INJECTOR_CLIENT_NAMES: 'kube-apiserver' })), [
    { sentence: 'is used only with AKV_INJECTOR_CLIENT_CA_FILE' },
  ])
  t.match(problemsOf(read({ ...image, AKV_INJECTOR_CLIENT_CA_FILE: '' })), [
    { sentence: 'expected the path of a file' },
  ])
})

t.test('all mistakes are reported together', async (t) => {
  const problems = problemsOf(
    read({
      AKV_INJECTOR_CLOUD: 'custom',
      AKV_INJECTOR_LISTEN: 'x',
      AKV_INJECTOR_TSL_DIR: 'x',
      AKV_INJECTOR_CA_FILE: '/ca.pem',
    }),
  )
  t.strictSame(problems.flatMap(({ path }) => path).sort(), [
    'AKV_INJECTOR_AGENT_IMAGE',
    'AKV_INJECTOR_AUTHORITY_HOST',
    'AKV_INJECTOR_CA_FILE',
    'AKV_INJECTOR_LISTEN',
    'AKV_INJECTOR_TSL_DIR',
    'AKV_INJECTOR_VAULT_URL',
  ])
  t.match(problems, [{ sentence: 'unknown setting; did you mean AKV_INJECTOR_TLS_DIR?' }])
})

t.test('an image that only stands in yields to the one that is set', async (t) => {
  const imageOf = (env: Environment) =>
    settingsOf(readSettings({ env, readFile: noFile, agentImage: 'stand-in' }))?.policy.agentImage
  t.equal(imageOf({}), 'stand-in')
  t.equal(imageOf(image), image.AKV_INJECTOR_AGENT_IMAGE)
})

t.test('a limit below the request is found before every pod is refused for it', async (t) => {
  t.strictSame(problemsOf(read({ ...image, AKV_INJECTOR_AGENT_LIMITS: 'memory=8Mi,cpu=1' })), [
    {
      path: ['AKV_INJECTOR_AGENT_LIMITS'],
      found: 'memory=8Mi',
      sentence: 'is less than the request in AKV_INJECTOR_AGENT_REQUESTS (memory=16Mi)',
    },
  ])
})

t.test('a fast start is refused if a kubelet would not wait', async (t) => {
  const fast = { ...image, AKV_INJECTOR_AGENT_FAST_START: 'true' }
  t.match(problemsOf(read({ ...fast, AKV_INJECTOR_KUBERNETES_VERSION: '1.34' })), [
    {
      path: ['AKV_INJECTOR_AGENT_FAST_START'],
      sentence: /^needs Kubernetes 1\.35 or later on every/,
    },
  ])
  for (const version of [{}, { AKV_INJECTOR_KUBERNETES_VERSION: '1.35' }])
    t.equal(settingsOf(read({ ...fast, ...version }))?.policy.fastStart, true)
})

t.test('the settings cannot be changed afterwards', async (t) => {
  const settings = settingsOf(read(image))
  t.ok(Object.isFrozen(settings) && Object.isFrozen(settings?.policy))
})

t.test('identity bindings are off, and have defaults when they are turned on', async (t) => {
  t.match(settingsOf(read({ ...image, AKV_INJECTOR_IDENTITY_BINDING: 'false' })), {
    tokenProxy: undefined,
    policy: { tokenProxy: undefined },
  })
  t.strictSame(settingsOf(read({ ...image, AKV_INJECTOR_IDENTITY_BINDING: 'true' }))?.tokenProxy, {
    url: 'https://kubernetes.default.svc.cluster.local',
    caFile: '/etc/akv-injector/identity-binding/ca.crt',
  })
  for (const [name, value] of Object.entries({
    CA_FILE: '/a',
    SERVER_NAME: 'a',
    TOKEN_PROXY: 'b',
  })) {
    const setting = `AKV_INJECTOR_IDENTITY_BINDING_${name}`
    t.match(problemsOf(read({ ...image, [setting]: value })), [
      { path: [setting], sentence: /only with AKV_INJECTOR_IDENTITY_BINDING=true/ },
    ])
  }
  const on = { ...image, AKV_INJECTOR_IDENTITY_BINDING: 'true' }
  for (const url of ['http://a', 'https://a/path', 'https://user@a', 'x'])
    t.match(problemsOf(read({ ...on, AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY: url })), [
      { sentence: /expected an https URL without a path/ },
    ])
  for (const name of ['A.ests.aks', 'a b', '', '*.aks'])
    t.match(problemsOf(read({ ...on, AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME: name })), [
      { sentence: /expected a DNS name in lower case/ },
    ])
})

t.test('defaults of namespaces that can’t be used are a problem', async (t) => {
  const env = { ...image, AKV_INJECTOR_DEFAULTS_FILE: '/defaults.yaml' }
  t.match(problemsOf(read(env)), [{ sentence: /^the file cannot be read: ENOENT/ }])
  t.match(problemsOf(read(env, () => 'shop: { file-mode: x }\npay: { refresh: 5 }')), [
    { sentence: /^shop\.file-mode: can't have a default.*; pay\.refresh: expected/ },
  ])
  const tooMuch = 'shop: { agent-requests: memory=1Gi }\npay: { agent-limits: memory=1Mi }\nok: {}'
  t.match(problemsOf(read(env, () => tooMuch)), [
    { sentence: /^shop: its pods would request memory=1Gi with a limit of memory=160Mi; set/ },
    { sentence: /^pay: its pods would request memory=16Mi with a limit of memory=1Mi; set/ },
  ])
})
