import t from 'tap'
import type { DryRun } from '../../../../operate/doctor/model/cluster-facts.ts'
import type { Manifest } from '../../../manifests/rendered.ts'
import { findings, healthyFacts, results } from '../harness/healthy-cluster.ts'

const { deployments = [], mutatingConfigurations = [] } = healthyFacts()
const [ours] = mutatingConfigurations as readonly Manifest[]

const withReplicas = (replicas: number, readyReplicas: number) =>
  (deployments as readonly Manifest[]).map((one) =>
    one.metadata.name === 'akv-injector-webhook'
      ? { ...one, spec: { ...one.spec, replicas }, status: { readyReplicas } }
      : one,
  )
const pod = (status: object) => ({
  metadata: {
    name: 'akv-injector-webhook-1',
    namespace: 'akv-injector',
    labels: {
      'app.kubernetes.io/component': 'webhook',
      'app.kubernetes.io/instance': 'akv-injector',
      'app.kubernetes.io/name': 'akv-injector',
    },
  },
  status,
})

t.test('replicas', (t) => {
  const waiting = {
    name: 'webhook',
    state: { waiting: { reason: 'ImagePullBackOff', message: 'no' } },
  }
  const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }
  t.match(
    findings({
      deployments: withReplicas(2, 0),
      pods: [
        pod({ containerStatuses: [waiting] }),
        pod({ conditions: [unscheduled] }),
        pod({ conditions: [{ type: 'Ready', status: 'True' }] }),
      ],
    }),
    [
      'failure: Deployment akv-injector/akv-injector-webhook: 0 of 2 replicas ready; pod akv-injector-webhook-1: ImagePullBackOff: no; pod akv-injector-webhook-1: 0/3 nodes are available',
    ],
  )
  t.match(findings({ deployments: withReplicas(2, 1) }), [/^warning: .* 1 of 2 replicas ready$/])
  t.match(findings({ deployments: withReplicas(0, 0) }), [/^failure: .* 0 of 0 replicas ready/])
  t.strictSame(findings({ deployments: withReplicas(1, 1) }), [])
  t.match(findings({ deployments: [] }), [
    'failure: namespace akv-injector has no Deployment of the webhook',
  ])
  t.end()
})

t.test('the webhook configuration', (t) => {
  const change = (changed: object) => ({
    installed: undefined,
    mutatingConfigurations: [
      { ...ours, webhooks: ours.webhooks.map((entry: object) => ({ ...entry, ...changed })) },
    ],
  })
  t.match(findings({ mutatingConfigurations: [] }), [/^failure: there is no webhook configuration/])
  t.match(
    findings({ mutatingConfigurations: [ours, { ...ours, metadata: { name: 'old' } }] }).join('\n'),
    /warning: several webhook configurations call akv-injector: /,
  )
  t.match(findings(change({ failurePolicy: 'Ignore' })), [/^warning: .* failurePolicy Ignore/])
  t.match(findings(change({ reinvocationPolicy: 'Never' })), [
    /^warning: .* reinvocationPolicy Never/,
  ])
  t.end()
})

t.test('webhooks that are called later', (t) => {
  const other = (name: string, entry: string, resources = ['pods']) => ({
    metadata: { name },
    webhooks: [{ name: entry, rules: [{ apiGroups: ['*'], operations: ['*'], resources }] }],
  })
  const beside = (one: object) => findings({ mutatingConfigurations: [ours, one as never] })
  t.match(beside(other('zzz', 'mutation.azure-workload-identity.io')), [
    'failure: zzz of azure-workload-identity is called after zz-akv-injector, and may drop what akv-injector has added',
  ])
  t.match(beside(other('zzz', 'sidecar.example.com')), [
    /^warning: zzz may change pods after akv-injector/,
  ])
  t.match(beside(other('zzz', 'sidecar.example.com', ['*/*'])), [/^warning: zzz/])
  t.strictSame(beside(other('zzz', 'sidecar.example.com', ['services'])), [])
  t.strictSame(beside(other('aaa', 'sidecar.example.com')), [])
  t.strictSame(beside(other('aaa', 'mutation.azure-workload-identity.io')), [])
  t.strictSame(beside(other('zzz', 'mutation.azure-workload-identity.io.example.com')).length, 1)
  t.end()
})

const calling =
  'Internal error occurred: failed calling webhook "pods.akv-injector.io": failed to call webhook: Post "https://akv-injector-webhook.akv-injector.svc:443/mutate?timeout=5s": '
const refused = (message: string): DryRun => ({
  kind: 'refused',
  namespace: 'default',
  status: 500,
  message,
})
const callingOther =
  'Internal error occurred: failed calling webhook "inject.example.com": failed to call webhook: Post "https://inject.other.svc:443/": '
const hintOf = (dryRun: DryRun) => results({ dryRun }).find(({ mark }) => mark !== 'ok')?.hint

t.test('the dry run', (t) => {
  const causes = {
    'no endpoints available for service "akv-injector-webhook"': 'no replica is ready',
    'tls: failed to verify certificate: x509: certificate signed by unknown authority':
      'caBundle doesn’t match',
    'context deadline exceeded': 'the firewall and the network policies',
    'dial tcp 10.0.0.1:443: connect: connection refused': 'the firewall',
    'service "akv-injector-webhook" not found': 'the Service of the webhook is missing',
  }
  for (const [reason, hint] of Object.entries(causes)) {
    const [finding, ...others] = findings({ dryRun: refused(calling + reason) })
    t.strictSame(others, [])
    t.ok(finding?.startsWith('failure: the API server can’t call the webhook: Post'), reason)
    t.match(hintOf(refused(calling + reason)), hint)
  }
  t.match(findings({ dryRun: { kind: 'created', namespace: 'x', pod: {} } }), [
    /^failure: .* namespace x gets no agent/,
  ])
  t.strictSame(
    findings({
      dryRun: refused(
        'admission webhook "pods.akv-injector.io" denied the request: AKV_CONFIG_INVALID',
      ),
    }),
    [],
  )
  t.match(findings({ dryRun: refused('exceeded quota: x') }), [
    /^unknown: whether the webhook answers: .* \(HTTP 500\): exceeded quota/,
  ])
  t.end()
})

t.test('a stranger’s webhook that the API server can’t call is named once', (t) => {
  const dryRun = refused(`${callingOther}no endpoints available`)
  const waiting = (name: string, message: string, status = 'True') => ({
    kind: 'Deployment',
    metadata: { name, namespace: 'team-a' },
    status: { conditions: [{ type: 'ReplicaFailure', status, message }] },
  })
  const some = ['a', 'b'].map((name) => waiting(name, `${callingOther}no endpoints available`))
  const named =
    'failure: the API server can’t call the webhook inject.example.com, which isn’t akv-injector’s, so it refuses pods'
  const reason = ': Post "https://inject.other.svc:443/": no endpoints available'
  t.strictSame(findings({ dryRun }), [`${named}${reason}`])
  t.strictSame(findings({ dryRun, deployments: [...deployments, ...some] }), [
    `${named}, such as those of team-a/a, team-a/b${reason}`,
  ])
  const none = { kind: 'none', sentence: '' } as const
  t.strictSame(findings({ dryRun: none, deployments: [...deployments, ...some] }), [
    `failure: pods are missing, because the API server couldn’t call the webhook inject.example.com, which isn’t akv-injector’s, when it last tried to create those of team-a/a, team-a/b${reason}`,
  ])
  t.strictSame(
    findings({
      dryRun: none,
      deployments: [
        ...deployments,
        waiting('a', 'exceeded quota'),
        waiting('b', `${callingOther}x`, 'False'),
      ],
    }),
    [],
  )
  const ofOurs = waiting('a', `${calling}no endpoints available`)
  t.match(findings({ dryRun: none, deployments: [...deployments, ofOurs] }), [
    /^failure: pods are missing, because the API server couldn’t call the webhook, when it last tried to create those of team-a\/a: Post/,
  ])
  t.strictSame(findings({ deployments: [...deployments, ofOurs] }), [], 'the dry run is newer')
  const configuration = { metadata: { name: 'other' }, webhooks: [{ name: 'inject.example.com' }] }
  const configured = { dryRun, mutatingConfigurations: [ours, configuration] }
  const hint = results(configured).find(({ mark }) => mark !== 'ok')?.hint
  t.equal(hint, 'restore what serves it: MutatingWebhookConfiguration other names its Service')
  t.match(
    findings({ dryRun: refused(`${calling}x`), deployments: [...deployments, ofOurs] }),
    [/^failure: the API server can’t call the webhook: Post/],
    'once',
  )
  t.end()
})

t.test('a Service that isn’t there', (t) => {
  const dryRun = refused(`${calling}service "akv-injector-webhook" not found`)
  const deleted = findings({ services: [], dryRun })
  t.match(deleted, [
    'failure: somebody deleted Service akv-injector/akv-injector-webhook: the API server can’t call the webhook once its open connections have ended',
  ])
  t.strictSame(findings({ services: [] }), deleted, 'also while a connection is open')
  t.match(findings({ services: [], dryRun, installed: undefined }), [
    'failure: there is no Service akv-injector/akv-injector-webhook, which the webhook configuration names',
  ])
  t.end()
})
