import t from 'tap'
import { requestMark } from '../../../delivery/refresh-request.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { brokenAnswer, failure } from '../../support/api-server/api-answer.ts'
import { logLine, logOf, stateOf, v1, v2 } from '../../support/injected-pods/agent-log.ts'
import { agentImage, injectedPod } from '../../support/injected-pods/injected-pod.ts'
import { servePods } from '../../support/injected-pods/serve-pods.ts'
import { runInProcess as run } from '../../support/run-in-process.ts'

const waiting = (state: object, lastState = {}) => ({
  phase: 'Pending',
  initContainerStatuses: [{ name: 'akv-injector', restartCount: 1, state, lastState }],
})

t.test('each pod has a row, failing pods come first, and they make the exit code 1', async (t) => {
  const { put, options } = await servePods(t)
  put(injectedPod({ name: 'fresh' }), logOf(stateOf()))
  const failing = { code: 'AKV_FORBIDDEN', since: '2026-11-29T09:30:00.000Z' }
  put(injectedPod({ name: 'stale' }), logOf(stateOf({ failing })))
  const onceOnly = { vault: 'team-a', secrets: 'db-password' }
  put(injectedPod({ name: 'once', annotations: onceOnly }), logOf(stateOf()))
  put(
    injectedPod({
      name: 'crashing',
      status: waiting(
        { waiting: { reason: 'CrashLoopBackOff' } },
        {
          terminated: {
            exitCode: 1,
            message: `AKV_OBJECT_NOT_FOUND: no such secret. ${errorTable.AKV_OBJECT_NOT_FOUND.remedy}`,
            finishedAt: '2026-11-29T09:30:00Z',
          },
        },
      ),
    }),
    '',
  )
  const lost = { exitCode: 137, reason: 'ContainerStatusUnknown', finishedAt: null }
  put(injectedPod({ name: 'lost', status: waiting({ terminated: lost }) }), '')
  put(injectedPod({ name: 'no-image', status: waiting({ waiting: { reason: 'ErrImagePull' } }) }))
  put(injectedPod({ name: 'new', status: { phase: 'Pending' } }))
  const running = [
    { name: 'akv-injector', state: { running: { startedAt: '2026-11-29T09:30:00Z' } } },
  ]
  const retrying = { phase: 'Pending', initContainerStatuses: running }
  put(
    injectedPod({ name: 'retrying', status: retrying }),
    logLine({ level: 'warn', message: 'vault team-a is out', code: 'AKV_VAULT_UNAVAILABLE' }),
  )
  put(injectedPod({ name: 'older-agent' }), logLine({ level: 'info', message: 'wrote files' }))
  put(injectedPod({ name: 'node-lost' }), failure(500, 'InternalError', 'dial tcp: refused'))
  put(injectedPod({ name: 'deleted' }))

  const { code, stdout, stderr } = await run(['status', '-n', 'team-a', ...options])
  t.equal(code, 1)
  const rows = stdout.split('\n').map((line) => line.replace(/ {3,}/g, ' | '))
  t.matchOnly(rows, [
    /^NAME \| STATE \| SINCE \| CODE \| OBJECTS \| SET AGE \| AGENT \| VAULTS \| NOTE$/,
    /^pod\/crashing \| failed \| \d+[smhd] \| AKV_OBJECT_NOT_FOUND \| 1 \| - \| 1.0.0 \| team-a \| no such secret$/,
    /^pod\/lost \| failed \| - \| ContainerStatusUnknown \|/,
    /^pod\/stale \| stale \| \d+[smhd] \| AKV_FORBIDDEN \| 1 \| \d+[smhd] \| 1.0.0 \| team-a \| -$/,
    /^pod\/no-image \| starting \| \d+[smhd] \| ErrImagePull \| 1 \| - \| 1.0.0 \| team-a \| the kubelet can’t start the agent: ErrImagePull$/,
    /^pod\/retrying \| starting \| .* \| AKV_VAULT_UNAVAILABLE \| .* \| vault team-a is out$/,
    /^pod\/new \| starting \| .* \| - \| 1 \| .* \| no node has started it yet$/,
    /^pod\/node-lost \| unknown \| .* \| its log can’t be read: .*dial tcp: refused$/,
    /^pod\/older-agent \| unknown \| .*version 1.0.0, says nothing about what it holds/,
    /^pod\/fresh \| fresh \| - \| - \| 1 \| \d+[smhd] \| 1.0.0 \| team-a \| -$/,
    /^pod\/once \| once \|/,
    '',
    '10 rows: 2 failed, 1 stale, 3 starting, 2 unknown, 1 fresh, 1 once',
    'AKV_OBJECT_NOT_FOUND  vault team-a: 1',
    'ContainerStatusUnknown  vault team-a: 1',
    'AKV_FORBIDDEN  vault team-a: 1',
    'ErrImagePull  vault team-a: 1',
    'AKV_VAULT_UNAVAILABLE  vault team-a: 1',
    '',
  ])
  t.match(stderr, /^no webhook of akv-injector was found.*--agent-image\n$/)
})

t.test('dead pods of a workload are one row, and evicted pods none', async (t) => {
  const { put, options } = await servePods(t)
  const ownerReferences = [{ controller: true, kind: 'Job', name: 'nightly', uid: 'of-job' }]
  const ended = (message: string) => ({
    phase: 'Failed',
    initContainerStatuses: [
      {
        name: 'akv-injector',
        state: { terminated: { exitCode: 1, message, finishedAt: '2026-11-29T09:30:00Z' } },
      },
    ],
  })
  for (const [index, code] of ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'FIREWALL'].entries())
    put(
      injectedPod({
        name: `nightly-${index}`,
        metadata: { ownerReferences, creationTimestamp: `2026-11-29T09:0${index}:00Z` },
        status: ended(`AKV_${code}: no`),
      }),
      '',
    )
  const lost = { ...ended(''), reason: 'Evicted', message: 'The node was low on resource: memory.' }
  put(injectedPod({ name: 'evicted', metadata: { ownerReferences }, status: lost }), '')
  const end = (exitCode: number) => ({
    state: { terminated: { exitCode, finishedAt: '2026-11-29T09:30:00Z' } },
  })
  const killed = {
    phase: 'Failed',
    initContainerStatuses: [{ name: 'akv-injector', ...end(137) }],
    containerStatuses: [{ name: 'app', ...end(5) }],
  }
  put(injectedPod({ name: 'killed-with-its-pod', status: killed }), '')
  const { code, stdout } = await run(['status', '-n', 'team-a', '--output=json', ...options])
  t.equal(code, 1)
  t.matchOnlyStrict(
    JSON.parse(stdout).rows.map((row: Record<string, unknown>) => [
      row['name'],
      row['code'],
      row['otherDead'],
    ]),
    [
      ['nightly-2', 'AKV_FORBIDDEN', 2],
      ['nightly-3', 'AKV_FIREWALL', undefined],
    ],
  )
  const text = await run(['status', '-n', 'team-a', ...options])
  t.match(text.stdout, /nightly-2 .* and 2 more dead pods of Job\/nightly; no\n/)
})

t.test('a variable of an older process is a note, and no failure', async (t) => {
  const { put, options } = await servePods(t)
  const annotations = { vault: 'team-a', env: 'PASSWORD=db-password', refresh: '5m' }
  const at = (time: string) => `2026-11-29T${time}.000Z`
  const variables = [
    [v1, at('09:00:05')],
    [v2, at('09:30:00')],
  ] as const
  put(injectedPod({ annotations }), logOf(stateOf({ versions: [v2], variables })))
  const { code, stdout } = await run(['status', '-A', '--output', 'json', ...options])
  t.equal(code, 0)
  t.match(JSON.parse(stdout), {
    rows: [{ kind: 'Pod', namespace: 'team-a', state: 'fresh', olderVariables: ['PASSWORD'] }],
    sums: { states: { fresh: 1, failed: 0 }, codes: { length: 0 } },
    notices: [/no webhook/],
  })
  const { stdout: text } = await run(['status', '-A', ...options])
  t.match(text, /variables older than the objects in place: PASSWORD\n/)
  t.match(text, /1 pod with older variables: a restart gives them the newer ones\n/)
})

t.test('nothing is believed of a container that isn’t the agent', async (t) => {
  const { put, server, options } = await servePods(t)
  const pod = structuredClone(injectedPod())
  const { initContainers } = pod['spec'] as { initContainers: [Record<string, unknown>] }
  initContainers[0]['command'] = ['sh', '-c', 'echo lies']
  put(pod, logOf(stateOf()))
  const { code, stdout } = await run(['status', '-A', ...options])
  t.equal(code, 0)
  t.match(stdout, /pod\/web +unknown .*the agent isn’t as the webhook makes it: .*sets command/)
  t.notOk(
    server.requests.some(({ path }) => path.endsWith('/log')),
    'its log isn’t read',
  )
})

t.test('nothing unprintable is shown', async (t) => {
  const { put, options } = await servePods(t)
  const message = '\u001b[2J\u202eAKV\nroot: ok'
  const ended = { exitCode: 1, reason: '\u001b[31mError', message, finishedAt: message }
  const status = waiting({ waiting: { reason: '\u001b[2J\u009b' } }, { terminated: ended })
  put(injectedPod({ name: 'a', status }), `{"level":"warn","code":"\\u001b","message":"x"}\n[[[\n`)
  put(injectedPod({ name: 'b' }), failure(500, 'X', `\u001b[2J${'x'.repeat(9_000)}`))
  put(injectedPod({ name: 'c', status: waiting({ waiting: { reason: '\u001b[2J\u009b' } }) }))
  for (const output of ['text', 'json']) {
    const { stdout, stderr } = await run(['status', '-A', '-o', output, ...options])
    t.notMatch(stdout + stderr, /[^\P{C}\n]/u)
    if (output === 'json') t.equal(JSON.parse(stdout).rows.length, 3)
    t.ok(stdout.split('\n').every((line) => output === 'json' || line.length < 400))
  }
})

t.test('an API server that drops connections is asked once more', async (t) => {
  const { put, server, options } = await servePods(t)
  put(injectedPod(), logOf(stateOf()))
  const { before } = server
  const dropped = new Set<string>()
  server.before = (request) => {
    if (request.path.endsWith('reviews') || dropped.has(request.path)) return before(request)
    dropped.add(request.path)
    return brokenAnswer
  }
  const { code, stdout } = await run(['status', '-A', ...options])
  t.equal(code, 0)
  t.match(stdout, /pod\/web +fresh/)
  t.ok(dropped.size >= 4, `${dropped.size} requests were cut`)
})

t.test('a missing right is reported once', async (t) => {
  const { put, denied, options } = await servePods(t)
  for (const resource of ['deployments', 'serviceaccounts']) denied.add(resource)
  for (let i = 0; i < 50; i++) put(injectedPod({ name: `web-${i}` }), failure(403, 'Forbidden'))
  const { code, stdout, stderr } = await run(['status', '-n', 'team-a', ...options])
  t.equal(code, 0)
  t.match(stdout, /50 rows: 50 unknown/)
  t.equal(stderr.split('\n').length - 1, 3, stderr)
  t.match(stderr, /the logs of agents can’t be read: .* get pods\/log .* in namespace team-a\n/)
  t.match(stderr, /ServiceAccounts can’t be read/)
})

t.test('without a cluster, or the right to list pods, the exit code is 2', async (t) => {
  const { server, options } = await servePods(t)
  server.before = () => failure(403, 'Forbidden', 'pods is forbidden: \u001b[2J')
  const forbidden = await run(['status', '-A', ...options])
  t.match(forbidden, { code: 2, stdout: '' })
  t.match(forbidden.stderr, /cannot read Pods in all namespaces; name one with -n/)
  t.match(await run(['status', '--kubeconfig', '/none']), { code: 2, stderr: /cannot be read/ })
  t.match(await run(['status', '-A', '-n', 'x']), { code: 2, stderr: /cannot be used/ })
  t.match(await run(['status', '-n', '../x']), { code: 2, stderr: /expected at most 63/ })
})

t.test('accounts, ExternalSecrets and classes that sync are rows', async (t) => {
  const { put, server, options } = await servePods(t)
  put(injectedPod(), logOf(stateOf()))
  const { accounts, classes, externalSecrets } = server
  const since = '2026-11-29T03:00:00Z'
  const status = `db: ready\n  [team-a:db-password@${v1}]\nweb: AKV_FORBIDDEN since ${since}\n  [team-b:tls/web@${v2}]\nold: waiting since ${since}\n  []`
  accounts.put('team-a', 'app', { 'akv-injector.io/sync-status': status })
  accounts.put('team-b', 'new', {
    'akv-injector.io/sync': '- secret: db\n  data: |\n    p=team-a:x',
  })
  accounts.put('team-b', 'plain', {})
  const claiming = (secretName: string) => ({
    provider: 'azure',
    parameters: { keyvaultName: 'team-b' },
    secretObjects: [{ secretName, type: 'Opaque', data: [] }],
  })
  classes.put('team-a', 'web', claiming('web'))
  classes.put('team-a', 'unrelated', claiming('none'))
  const message = 'AKV_NETWORK: no route'
  const condition = { type: 'Ready', status: 'False', reason: 'SecretSyncedError', message }
  for (const [name, manager] of [
    ['es', 'akv-injector-sync'],
    ['of-operator', 'external-secrets'],
  ] as const) {
    const managedFields = [{ manager, subresource: 'status', fieldsV1: { 'f:status': {} } }]
    const object = externalSecrets.put('ExternalSecret', { name }, {}, { managedFields })
    server.objects.put(`/apis/external-secrets.io/v1/namespaces/team-a/externalsecrets/${name}`, {
      ...object,
      status: { conditions: [{ ...condition, lastTransitionTime: since }] },
    })
  }
  const { code, stdout, stderr } = await run(['status', '-A', ...options])
  t.equal(code, 1, stderr)
  const rows = stdout.split('\n').map((line) => line.replace(/ {3,}/g, ' | '))
  t.matchOnly(rows, [
    /^NAMESPACE/,
    /^team-a \| externalsecret\/es \| stale \| \d+[smhd] \| AKV_NETWORK \| .*no route$/,
    /^team-a \| secretproviderclass\/web \| stale \| .* \| AKV_FORBIDDEN \| 1 \| .* \| team-b \| Secret\/web$/,
    /^team-a \| serviceaccount\/app \| stale \| \d+[smhd] \| AKV_FORBIDDEN \| 2 \| .* \| team-a, team-b \| Secret\/web$/,
    /^team-b \| serviceaccount\/new \| unknown \| .*written no status/,
    /^team-a \| pod\/web \| fresh/,
    '',
    '5 rows: 3 stale, 1 unknown, 1 fresh',
    'AKV_FORBIDDEN  vault team-b: 2',
    'AKV_NETWORK  vault -: 1',
    '',
  ])
})

t.test('a container that only has the agent’s name has no row', async (t) => {
  const { put, options } = await servePods(t)
  put(injectedPod(), logOf(stateOf()))
  const container = { name: 'akv-injector', image: 'tools.example/other' }
  const tool = injectedPod({ name: 'tool' })
  put({ ...tool, spec: { initContainers: [container] } } as typeof tool, '')
  const args = ['status', '-A', '-o', 'json', ...options]
  const names = async (...more: readonly string[]) =>
    JSON.parse((await run([...args, ...more])).stdout).rows.map(
      ({ name }: { name: string }) => name,
    )
  t.strictSame(await names('--agent-image', agentImage), ['web'])
  t.strictSame(await names(), ['tool', 'web'], 'as long as images are unknown, it may be one')
})

t.test('a pod that was asked to refresh now has a note, and a member in JSON', async (t) => {
  const { put, options } = await servePods(t)
  const asking = (name: string, refresh: string) =>
    injectedPod({
      name,
      annotations: { vault: 'team-a', secrets: 'db-password', refresh, 'refresh-now': '2' },
    })
  const served = { seen: requestMark('2'), at: '2026-11-29T10:00:00.000Z' }
  put(asking('done', '5m'), logOf({ ...stateOf(), refreshNow: served }))
  put(asking('asked', '5m'), logOf({ ...stateOf(), refreshNow: { seen: requestMark('1') } }))
  put(asking('once', '0'), logOf(stateOf()))
  const text = await run(['status', '-n', 'team-a', ...options])
  t.equal(text.code, 0)
  t.match(text.stdout, /pod\/done .* refreshed as it was asked to, \d+[smhd] ago\n/)
  t.match(text.stdout, /pod\/asked .* asked to refresh now, and has not done so yet\n/)
  t.match(
    text.stdout,
    /pod\/once .* can't be asked to refresh now: the pod has no akv-injector\.io\/refresh\n/,
  )
  const { stdout } = await run(['status', '-n', 'team-a', '--output', 'json', ...options])
  const { rows } = JSON.parse(stdout) as { rows: { name: string; refreshNow?: object }[] }
  t.strictSame(
    new Map(rows.map(({ name, refreshNow }) => [name, refreshNow])),
    new Map<string, object>([
      ['asked', { kind: 'asked' }],
      ['done', { kind: 'done', at: '2026-11-29T10:00:00.000Z' }],
      ['once', { kind: 'unseen', why: 'the pod has no akv-injector.io/refresh' }],
    ]),
  )
})
