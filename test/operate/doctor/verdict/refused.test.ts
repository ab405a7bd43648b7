import t from 'tap'
import { judge } from '../../../../operate/doctor/verdict/judge.ts'
import { sayVerdict } from '../../../../operate/doctor/verdict/say-verdict.ts'
import { annotations } from '../harness/workloads.ts'
import { ago, factsOf, podOf } from './harness/judged.ts'

const template = (annotated: object, resources: object) => ({
  metadata: { annotations: annotated, labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: 'app', resources }] },
})

interface Refused {
  readonly message: string
  readonly annotations?: object
  readonly resources?: object
}

/** The verdict about a Deployment whose pods the API server refuses with this message. */
async function refusedVerdictOf(refused: Refused) {
  const { message, annotations: annotated = annotations, resources = {} } = refused
  const object = {
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'team-a', uid: 'of-web', creationTimestamp: ago(600) },
    spec: { template: template(annotated, resources) },
  }
  const event = {
    reason: 'FailedCreate',
    message: `Error creating: ${message}`,
    lastTimestamp: ago(5),
    involvedObject: { kind: 'ReplicaSet', name: 'web-1', uid: 'of-web-1' },
  }
  const facts = await factsOf({ pod: podOf() })
  const verdict = judge({
    ...facts,
    target: { kind: 'Deployment', api: 'apis/apps/v1', resource: 'deployments', name: 'web' },
    ...{ object, pods: [], pod: undefined, agent: undefined, asked: undefined, config: undefined },
    events: [event],
  }).verdict
  return { kind: verdict.kind, said: sayVerdict(verdict) }
}

const quota = (requested: string, used: string, limited: string) =>
  `pods "web-1-x" is forbidden: exceeded quota: compute, requested: ${requested}, used: ${used}, limited: ${limited}`
const security = (names: string) =>
  `pods "web-1-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (${names} must set securityContext.allowPrivilegeEscalation=false)`

const cases: Readonly<Record<string, readonly [Refused, kind: string]>> = {
  'our webhook denies it': [
    { message: 'admission webhook "pods.akv-injector.io" denied the request: no vault' },
    'us',
  ],
  'our webhook for served volumes denies it': [
    { message: 'admission webhook "csi-pods.akv-injector.io" denied the request: no class' },
    'us',
  ],
  'our webhook can’t be called': [
    {
      message:
        'Internal error occurred: failed calling webhook "pods.akv-injector.io": failed to call webhook: Post "https://akv-injector-webhook.akv-injector.svc:443/mutate?timeout=10s": dial tcp 10.0.0.9:443: connect: connection refused',
    },
    'us',
  ],
  'a stranger’s webhook denies it': [
    { message: 'admission webhook "validation.gatekeeper.sh" denied the request: [no-latest] app' },
    'cluster',
  ],
  'a stranger’s webhook can’t be called': [
    {
      message:
        'Internal error occurred: failed calling webhook "mutate.kyverno.svc-fail": failed to call webhook: no endpoints available',
    },
    'cluster',
  ],
  'a stranger’s webhook denies it because of the agent': [
    {
      message:
        'admission webhook "validate.kyverno.svc-fail" denied the request: rule limits failed at path /spec/initContainers/0/resources/',
    },
    'unknown',
  ],
  'a policy denies it because of the agent': [
    {
      message: `pods "web-1-x" is forbidden: ValidatingAdmissionPolicy 'images' with binding 'images' denied request: container akv-injector has another registry`,
    },
    'unknown',
  ],
  'a webhook whose name only contains ours': [
    { message: 'admission webhook "pods.akv-injector.io.example" denied the request: no' },
    'cluster',
  ],
  'a quota that is full': [{ message: quota('pods=1', 'pods=5', 'pods=5') }, 'cluster'],
  'a quota that the app alone exceeds': [
    {
      message: quota('limits.cpu=1250m', 'limits.cpu=0', 'limits.cpu=900m'),
      resources: { limits: { cpu: '1' } },
    },
    'cluster',
  ],
  'a quota that only the agent exceeds': [
    {
      message: quota('requests.memory=1088Mi', 'requests.memory=0', 'requests.memory=1Gi'),
      annotations: {
        ...annotations,
        'akv-injector.io/refresh': '5m',
        'akv-injector.io/agent-requests': 'memory=64Mi',
      },
      resources: { requests: { memory: '1Gi' } },
    },
    'us',
  ],
  'a quota in words that nobody knows': [
    { message: 'pods "web-1-x" is forbidden: exceeded quota: compute, more than allowed' },
    'unknown',
  ],
  'limits that all lack': [
    {
      message:
        'pods "web" is forbidden: failed quota: cpu: must specify limits.cpu for: akv-injector,app',
    },
    'cluster',
  ],
  'limits that only the agent lacks': [
    {
      message:
        'pods "web" is forbidden: failed quota: cpu: must specify limits.cpu for: akv-injector,app; limits.memory for: akv-injector',
    },
    'us',
  ],
  'a LimitRange that refuses the app’s amount': [
    {
      message:
        'pods "web" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
      resources: { limits: { memory: '2Gi' } },
    },
    'cluster',
  ],
  'a LimitRange that refuses somebody’s amount': [
    {
      message:
        'pods "web" is forbidden: minimum cpu usage per Container is 50m, but request is 10m',
    },
    'unknown',
  ],
  'Pod Security, because of the app': [
    { message: security('containers "akv-injector", "app"') },
    'cluster',
  ],
  'Pod Security, because of the agent alone': [
    { message: security('container "akv-injector"') },
    'us',
  ],
  'a pod that isn’t valid': [
    {
      message:
        'Pod "web-1-x" is invalid: spec.containers[0].volumeMounts[1].mountPath: Invalid value',
    },
    'unknown',
  ],
  'a ServiceAccount that isn’t there': [
    {
      message:
        'pods "web-1-" is forbidden: error looking up service account team-a/web: serviceaccount "web" not found',
    },
    'cluster',
  ],
}

const leads: Readonly<Record<string, string>> = {
  us: 'it is us: ',
  cluster: 'the agent hasn’t had its turn: ',
  unknown: 'can’t be told, because ',
}

for (const [name, [refused, kind]] of Object.entries(cases))
  t.test(name, async (t) => {
    const found = await refusedVerdictOf(refused)
    t.equal(found.kind, kind, found.said)
    t.ok(found.said.startsWith(leads[kind] ?? '?'), found.said)
    t.match(found.said, refused.message.slice(0, 40))
  })

t.test('a workload that asks for nothing isn’t refused because of us', async (t) => {
  const found = await refusedVerdictOf({
    message: 'Pod "web-1-x" is invalid: spec.containers[0].image: Required value',
    annotations: {},
  })
  t.match(found, { kind: 'cluster', said: /^akv-injector isn’t involved: the API server refuses/ })
})

t.test('an older refusal doesn’t count once a workload has all its pods', async (t) => {
  const facts = await factsOf({ pod: podOf() })
  const refusal = {
    reason: 'FailedCreate',
    message:
      'Error creating: Internal error occurred: failed calling webhook "pods.akv-injector.io": EOF',
    lastTimestamp: ago(3000),
  }
  const codeOf = (spec: object, status: object) =>
    judge({
      ...{ ...facts, events: [refusal], object: { spec, status } },
      target: { kind: 'StatefulSet', api: 'apis/apps/v1', resource: 'statefulsets', name: 'web' },
    }).verdict.code
  t.equal(codeOf({ replicas: 1 }, { replicas: 1 }), 'Well')
  t.equal(codeOf({ replicas: 2 }, { replicas: 1 }), 'WebhookUnreachable')
  t.equal(codeOf({ replicas: 0 }, {}), 'Well')
  t.equal(codeOf({}, { desiredNumberScheduled: 3, currentNumberScheduled: 3 }), 'Well')
  t.equal(
    codeOf({}, { desiredNumberScheduled: 3, currentNumberScheduled: 2 }),
    'WebhookUnreachable',
  )
})
