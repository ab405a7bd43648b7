import type { Manifest, readRendered } from '../rendered.ts'

type Find = ReturnType<typeof readRendered>['find']

/** A value of the chart that differs from its default, and the part of the rendered manifests that it decides. */
export interface Effect {
  readonly path: string
  readonly value: unknown
  readonly of: (find: Find) => Manifest
  /** What that part then matches. With the default it must not match this. */
  readonly shows: unknown
}

const deployment = (name: string) => (find: Find) => find('Deployment', `akv-injector-${name}`)
const pod = (name: string) => (find: Find) => deployment(name)(find).spec.template
const container = (name: string) => (find: Find) => pod(name)(find).spec.containers[0]
const configuration = (find: Find) => find('MutatingWebhookConfiguration')
const env = (name: string) => (find: Find) =>
  Object.fromEntries(
    container(name)(find).env.map(({ name, value }: { name: string; value: string }) => [
      name,
      value,
    ]),
  )
const policy = (name: string) => (find: Find) => find('NetworkPolicy', `akv-injector-${name}`).spec
const budget = (find: Find) => find('PodDisruptionBudget')?.spec

/** The values that each of the three components has. */
function componentEffects(prefix: string, name: string): readonly Effect[] {
  const mark = `mark-${name}`
  const toleration = { key: mark, operator: 'Exists' }
  const affinity = { nodeAffinity: { [mark]: true } }
  const resources = { requests: { cpu: '77m' }, limits: { memory: '777Mi' } }
  const values: readonly (readonly [string, unknown, Effect['of'], unknown])[] = [
    ['nodeOptions', '--stack-size=777', env(name), { NODE_OPTIONS: '--stack-size=777' }],
    ['resources', resources, container(name), { resources }],
    ['extraEnv', [{ name: 'MARK', value: mark }], env(name), { MARK: mark }],
    ...(['deployment', 'pod'] as const).map(
      (kind) =>
        [
          `${kind}Annotations`,
          { mark },
          kind === 'pod' ? pod(name) : deployment(name),
          { metadata: { annotations: { mark } } },
        ] as const,
    ),
    ['podLabels', { mark }, pod(name), { metadata: { labels: { mark } } }],
    [
      'serviceAccount.annotations',
      { mark },
      (find) => find('ServiceAccount', `akv-injector-${name}`),
      { metadata: { annotations: { mark } } },
    ],
    ...(['livenessProbe', 'readinessProbe'] as const).flatMap((probe) =>
      ['periodSeconds', 'timeoutSeconds', 'failureThreshold'].map(
        (key) => [`${probe}.${key}`, 77, container(name), { [probe]: { [key]: 77 } }] as const,
      ),
    ),
    ['dnsPolicy', 'Default', pod(name), { spec: { dnsPolicy: 'Default' } }],
    [
      'nodeSelector',
      { mark },
      pod(name),
      { spec: { nodeSelector: { mark, common: 'selector', 'kubernetes.io/os': 'linux' } } },
    ],
    [
      'tolerations',
      [toleration],
      pod(name),
      { spec: { tolerations: [{ key: 'common', operator: 'Exists' }, toleration] } },
    ],
    ['affinity', affinity, pod(name), { spec: { affinity } }],
  ]
  return values.map(([path, value, of, shows]) => ({ path: `${prefix}.${path}`, value, of, shows }))
}

const team = { matchLabels: { team: 'shop' } }
const spread = {
  maxSkew: 2,
  topologyKey: 'topology.kubernetes.io/region',
  whenUnsatisfiable: 'DoNotSchedule',
}
const peers = (name: string) => [{ podSelector: { matchLabels: { name } } }]

/** The effects of the conventional values. chart, csi, sync and policies.test.ts have those of the others. */
export const effects: readonly Effect[] = [
  ...componentEffects('webhook', 'webhook'),
  ...componentEffects('certs.controller', 'certs'),
  ...componentEffects('sync', 'sync'),
  ...(
    [
      [
        'namespaceOverride',
        'keyvault',
        (find) => find('Service'),
        { metadata: { namespace: 'keyvault' } },
      ],
      [
        'nameOverride',
        'secrets',
        (find) => [
          find('Service').spec.selector,
          deployment('webhook')(find).spec.selector.matchLabels,
        ],
        [{ 'app.kubernetes.io/name': 'secrets' }, { 'app.kubernetes.io/name': 'secrets' }],
      ],
      ['proxy.httpsProxy', 'http://proxy.example:3128', env('sync'), { HTTPS_PROXY: /proxy/ }],
      ['proxy.noProxy', '.internal', env('webhook'), { AKV_INJECTOR_AGENT_NO_PROXY: '.internal' }],
      ['image.registry', 'mirror.example', container('certs'), { image: /^mirror.example\// }],
      ['image.tag', '7.7.7', container('certs'), { image: /:7\.7\.7$/ }],
      ['image.pullPolicy', 'Never', container('certs'), { imagePullPolicy: 'Never' }],
      [
        'imagePullSecrets',
        [{ name: 'first' }, 'second'],
        (find) => pod('certs')(find).spec.imagePullSecrets?.slice(0, 2),
        [{ name: 'first' }, { name: 'second' }],
      ],
      [
        'image.pullSecrets',
        ['third'],
        (find) => pod('certs')(find).spec.imagePullSecrets?.slice(2, 3),
        [{ name: 'third' }],
      ],
      [
        'global.imagePullSecrets',
        ['fourth'],
        (find) => pod('certs')(find).spec.imagePullSecrets?.slice(3),
        [{ name: 'fourth' }],
      ],
      ['agent.namesPod', true, env('webhook'), { AKV_INJECTOR_AGENT_NAMES_POD: 'true' }],
      ['agent.metricsPort', 19_980, env('webhook'), { AKV_INJECTOR_AGENT_METRICS: '19980' }],
      ['agent.volumeSizeLimit', '77Mi', env('webhook'), { AKV_INJECTOR_VOLUME_SIZE_LIMIT: '77Mi' }],
      ['webhook.replicas', 7, deployment('webhook'), { spec: { replicas: 7 } }],
      ['webhook.logLevel', 'debug', env('webhook'), { AKV_INJECTOR_LOG_LEVEL: 'debug' }],
      ['webhook.timeoutSeconds', 7, configuration, { webhooks: [{ timeoutSeconds: 7 }] }],
      [
        'webhook.namespaceSelector',
        team,
        configuration,
        { webhooks: [{ namespaceSelector: team }] },
      ],
      ['webhook.objectSelector', team, configuration, { webhooks: [{ objectSelector: team }] }],
      [
        'webhook.mutatingWebhookConfigurationAnnotations',
        { mark: 'configuration' },
        configuration,
        { metadata: { annotations: { mark: 'configuration' } } },
      ],
      [
        'webhook.service.annotations',
        { mark: 'service' },
        (find) => find('Service', 'akv-injector-webhook'),
        { metadata: { annotations: { mark: 'service' } } },
      ],
      [
        'webhook.topologySpreadConstraints',
        [spread],
        pod('webhook'),
        { spec: { topologySpreadConstraints: [{ ...spread, labelSelector: {} }] } },
      ],
      ['webhook.podDisruptionBudget.maxUnavailable', '50%', budget, { maxUnavailable: '50%' }],
      ['webhook.hostNetwork', true, pod('webhook'), { spec: { hostNetwork: true } }],
      [
        'webhook.securePort',
        9443,
        (find) => [
          env('webhook')(find),
          container('webhook')(find).ports,
          policy('webhook')(find).ingress,
        ],
        [
          { AKV_INJECTOR_LISTEN: '0.0.0.0:9443' },
          [{ containerPort: 9443 }],
          [{ ports: [{ port: 9443 }] }],
        ],
      ],
      [
        'webhook.healthPort',
        9080,
        (find) => [
          env('webhook')(find),
          container('webhook')(find).ports,
          policy('webhook')(find).ingress,
        ],
        [
          { AKV_INJECTOR_HEALTH_LISTEN: '0.0.0.0:9080' },
          [{}, { containerPort: 9080 }],
          [{}, { ports: [{ port: 9080 }] }],
        ],
      ],
      ['sync.logLevel', 'debug', env('sync'), { AKV_INJECTOR_LOG_LEVEL: 'debug' }],
      ['sync.env', { OLD: 'mark' }, env('sync'), { OLD: 'mark' }],
      [
        'networkPolicy.webhookFrom',
        peers('a'),
        policy('webhook'),
        { ingress: [{ from: peers('a') }] },
      ],
      [
        'networkPolicy.metricsFrom',
        peers('b'),
        policy('certs'),
        { ingress: [{ from: peers('b') }] },
      ],
      [
        'networkPolicy.apiServerPorts',
        [7443],
        policy('certs'),
        { egress: [{ ports: [{ port: 7443 }] }] },
      ],
      [
        'networkPolicy.vaultPorts',
        [7777],
        policy('sync'),
        { egress: [{ ports: [{}, { port: 7777 }] }] },
      ],
      ['priorityClassName', 'mark', pod('sync'), { spec: { priorityClassName: 'mark' } }],
      [
        'nodeSelector',
        { common: 'selector' },
        pod('certs'),
        { spec: { nodeSelector: { common: 'selector' } } },
      ],
      [
        'tolerations',
        [{ key: 'common', operator: 'Exists' }],
        pod('certs'),
        { spec: { tolerations: [{ key: 'common' }] } },
      ],
      [
        'extraObjects',
        [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'extra', namespace: '{{ .Release.Name }}' },
          },
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-text"}',
        ],
        (find) => [find('ConfigMap', 'extra'), find('ConfigMap', 'akv-injector-text')],
        [{ metadata: { namespace: 'akv-injector' } }, { kind: 'ConfigMap' }],
      ],
    ] as const satisfies readonly (readonly [string, unknown, Effect['of'], unknown])[]
  ).map(([path, value, of, shows]) => ({ path, value, of, shows })),
]
