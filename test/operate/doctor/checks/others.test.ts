import t from 'tap'
import type { Manifest } from '../../../manifests/rendered.ts'
import {
  findings,
  healthyFacts,
  results,
  syncDeployment,
  withVariable,
} from '../harness/healthy-cluster.ts'

const deployments = healthyFacts().deployments as readonly Manifest[]
const annotations = { 'akv-injector.io/secrets': 'team-a:db' }
const template = { metadata: { annotations }, spec: { containers: [] } }
const inNamespace = (namespace: string, more: object = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'web', namespace, ...more },
  spec: { template },
})

t.test('an annotated workload in an excluded namespace is a failure', (t) => {
  const of = (namespace: string, labels: object = {}, more: object = {}) =>
    findings({
      namespaces: [{ metadata: { name: namespace, labels } }],
      otherWorkloads: [inNamespace(namespace, more)],
    })
  t.match(of('kube-system'), [
    /^failure: the webhook leaves namespace kube-system alone, so the pods of these .*: Deployment web$/,
  ])
  t.match(of('team-a', { 'control-plane': '' }), [/leaves namespace team-a alone/])
  t.match(of('team-a', { 'kubernetes.azure.com/managedby': 'aks' }), [/leaves namespace team-a/])
  t.strictSame(of('team-a', { 'kubernetes.azure.com/managedby': 'us' }), [])
  t.strictSame(
    of('kube-system', {}, { ownerReferences: [{ controller: true }] }),
    [],
    'its owner counts',
  )
  const cronJob = {
    kind: 'CronJob',
    metadata: { name: 'c', namespace: 'kube-system' },
    spec: { jobTemplate: { spec: { template } } },
  }
  t.match(findings({ otherWorkloads: [cronJob] }), [/CronJob c$/])
  const many = Array.from({ length: 200 }, (_, i) => inNamespace(`n${i}`))
  const namespaces = many.map(({ metadata }) => ({
    metadata: { name: metadata.namespace, labels: { 'control-plane': '' } },
  }))
  t.equal(findings({ namespaces, otherWorkloads: many }).length, 10)
  t.end()
})

t.test('annotated pods without the agent', (t) => {
  const pod = (more: object, status = {}) => ({
    metadata: { name: 'web-1', namespace: 'team-a', annotations, ...more },
    spec: { initContainers: [] },
    status,
  })
  t.match(findings({ pods: [pod({})] }), [
    /^failure: 1 annotated pod without the agent, .*: team-a\/web-1$/,
  ])
  t.strictSame(findings({ pods: [pod({}, { phase: 'Failed' })] }), [])
  t.strictSame(findings({ pods: [pod({ deletionTimestamp: '2026-11-29T09:00:00Z' })] }), [])
  t.strictSame(
    findings({
      pods: [pod({ annotations: { ...annotations, 'kubernetes.io/config.mirror': 'x' } })],
    }),
    [],
  )
  t.strictSame(
    findings({
      pods: [pod({ annotations: { ...annotations, 'akv-injector.io/inject': 'false' } })],
    }),
    [],
  )
  t.end()
})

t.test('policies', (t) => {
  const { policies = [], policyBindings = [] } = healthyFacts()
  const unknown = { installed: undefined } as const
  t.match(
    findings({ ...unknown, policyBindings: [] }),
    policies.map(() => /^warning: policy akv-injector-\S+ has no binding/),
  )
  t.match(
    findings({ ...unknown, policies: [] }).join('\n'),
    /^warning: a binding names the policy akv-injector-certs, which doesn’t exist$/m,
  )
  t.match(findings({ ...unknown, policies: [], policyBindings: [] }), [
    /^warning: the policy akv-injector-certs is missing/,
  ])
  const typed = [
    {
      ...policies[0],
      status: {
        typeChecking: { expressionWarnings: [{ fieldRef: 'spec.x', warning: 'undefined field' }] },
      },
    },
  ]
  t.match(findings({ policies: [...typed, ...policies.slice(1)], policyBindings }), [
    /^warning: policy \S+: spec\.x: undefined field$/,
  ])
  t.end()
})

const account = (status: string, name = 'web') => ({
  metadata: {
    name,
    namespace: 'team-a',
    annotations: { 'akv-injector.io/sync': '[]', 'akv-injector.io/sync-status': status },
  },
})
const withSync = { deployments: [...deployments, syncDeployment()] }

t.test('Secret sync', (t) => {
  t.match(findings({ accounts: [account('')] }), [
    /^failure: Secret sync is off, but these ServiceAccounts request Secrets: team-a\/web$/,
  ])
  t.match(findings({ deployments: [...deployments, { ...syncDeployment(), status: {} }] }), [
    /^failure: Deployment akv-injector\/akv-injector-sync isn’t ready, so no Secret is refreshed/,
  ])
  const since = 'since 2026-11-26T03:00:00Z'
  const accounts = [
    account(
      `db: AKV_FORBIDDEN ${since}\ntls: AKV_FORBIDDEN ${since}\nnew: waiting ${since}\nok: ready`,
    ),
    account('a: ready', 'other'),
    account(`x: AKV_TIMEOUT ${since}`, 'slow'),
    account('\u001b[31mnonsense: AKV_WRONG'.repeat(1000), 'odd'),
  ]
  t.match(findings({ ...withSync, accounts }), [
    'failure: AKV_FORBIDDEN: 2 Secrets: team-a/web db, team-a/web tls',
    /^failure: AKV_TIMEOUT: 1 Secret: team-a\/slow x$/,
  ])
  t.ok(results({ ...withSync, accounts }).some(({ hint = '' }) => /akv|vault|role/i.test(hint)))
  const syncRights = [
    { account: 'web', lacking: ['get secrets', 'create secrets'], isAsking: true },
    { account: 'enabled', lacking: ['patch secrets'], isAsking: false },
    { account: 'ok', lacking: [], isAsking: true },
  ].map((one) => ({ namespace: 'team-a', isUnsure: false, ...one }))
  t.match(findings({ ...withSync, syncRights }), [
    'failure: ServiceAccount team-a/web requests Secrets, but the controller may not get secrets, create secrets there',
    'failure: ServiceAccount team-a/enabled is enabled for Secret sync, but the controller may not patch secrets there',
  ])
  const unsure = syncRights.map((one) => ({ ...one, isUnsure: true }))
  t.match(findings({ ...withSync, syncRights: unsure }), [
    /^unknown: whether the controller has its rights for team-a\/web, team-a\/enabled: no Role/,
  ])
  const many = Array.from({ length: 2003 }, () => syncRights).flatMap(([one]) => one ?? [])
  const found = findings({ ...withSync, syncRights: many })
  t.equal(found.length, 21)
  t.equal(found.at(-1), 'failure: 1983 more ServiceAccounts for which the controller lacks rights')
  t.end()
})

t.test('ExternalSecrets that fail count if they are ours', (t) => {
  const deployment = syncDeployment('--external-secrets')
  const external = (manager: string) => ({
    metadata: {
      ...{ name: 'db', namespace: 'team-a', uid: 'u', resourceVersion: '1' },
      managedFields: [
        {
          manager,
          subresource: 'status',
          operation: 'Apply',
          time: '2026-11-29T00:00:00Z',
          fieldsV1: { 'f:status': {} },
        },
      ],
    },
    status: { conditions: [{ type: 'Ready', status: 'False', message: 'AKV_FORBIDDEN: no' }] },
  })
  const of = (manager: string) =>
    findings({ deployments: [...deployments, deployment], externalSecrets: [external(manager)] })
  t.match(of('akv-injector-sync'), [
    'failure: ExternalSecret team-a/db isn’t ready: AKV_FORBIDDEN: no',
  ])
  t.strictSame(of('external-secrets'), [])
  t.end()
})

t.test('monitors', (t) => {
  const ours = [{ metadata: { name: 'akv-injector', namespace: 'akv-injector' } }]
  const all = { podMonitors: ours, serviceMonitors: ours, rules: ours }
  t.strictSame(findings({ ...all, seesAllPods: false }), [])
  t.match(findings(all), ['warning: a PodMonitor watches agents, but no agent serves metrics'])
  const pods = [
    {
      metadata: { name: 'a', namespace: 'b', annotations: { 'akv-injector.io/metrics': '9000' } },
      spec: { initContainers: [{ name: 'akv-injector' }] },
    },
  ]
  t.strictSame(findings({ ...all, pods }), [])
  t.match(findings({ rules: ours }), [/no ServiceMonitor/, /no PodMonitor/])
  t.end()
})

t.test('the CSI driver and the External Secrets Operator', (t) => {
  const drivers = [{ metadata: { name: 'secrets-store.csi.k8s.io' } }]
  const csi = deployments.map((one) => withVariable(one, 'AKV_INJECTOR_CSI', 'all'))
  t.match(findings({ drivers, deployments: csi }), [/^warning: csi\.namespaces is all/])
  const classes = [{ metadata: { name: 'c', namespace: 'team-a' }, spec: { secretObjects: [{}] } }]
  const classMounts = [
    { metadata: { namespace: 'team-a' }, status: { mounted: true, secretProviderClassName: 'c' } },
  ]
  const withClasses = syncDeployment('--classes')
  t.match(findings({ drivers, classes, classMounts, deployments: [...deployments, withClasses] }), [
    /^warning: the CSI driver has mounted these classes, .*: team-a\/c$/,
  ])
  t.strictSame(findings({ drivers, classes, classMounts, ...withSync }), [])
  const operator = (replicas: number) => ({
    metadata: {
      name: 'external-secrets',
      namespace: 'eso',
      labels: { 'app.kubernetes.io/name': 'external-secrets' },
    },
    spec: { replicas },
  })
  const external = [
    {
      metadata: {
        name: 'db',
        namespace: 'team-a',
        finalizers: ['externalsecrets.external-secrets.io/externalsecret-cleanup'],
      },
    },
  ]
  const withExternal = syncDeployment('--external-secrets')
  const beside = (replicas: number, sync: object) =>
    findings({
      externalSecrets: external,
      deployments: [...deployments, operator(replicas), sync as never],
    })
  t.match(beside(1, withExternal), [
    /^warning: the External Secrets Operator runs \(eso\/external-secrets\)/,
  ])
  t.match(beside(0, withExternal), [
    /^warning: the External Secrets Operator doesn’t run, but these ExternalSecrets have its finalizer/,
  ])
  t.strictSame(beside(1, syncDeployment()), [])
  t.strictSame(beside(0, syncDeployment()), [])
  t.end()
})
