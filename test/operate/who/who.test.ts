import t from 'tap'
import { failure } from '../../support/api-server/api-answer.ts'
import { logOf, stateOf, v1, v2, v3 } from '../../support/injected-pods/agent-log.ts'
import { agentImage, injectedPod, runningStatus } from '../../support/injected-pods/injected-pod.ts'
import { servePods } from '../../support/injected-pods/serve-pods.ts'
import { runInProcess as run } from '../../support/run-in-process.ts'

const at = (time: string) => `2026-11-29T${time}.000Z`
const hash = 'abc12'
/** The metadata of a pod of Deployment `web`. */
const ofWeb = {
  labels: { 'pod-template-hash': hash },
  ownerReferences: [{ kind: 'ReplicaSet', name: `web-${hash}`, controller: true }],
}
const inVariables = { vault: 'team-a', env: 'PASSWORD=db-password', refresh: '5m' }
const rotated = {
  versions: [v2],
  since: at('09:30:00'),
  variables: [
    [v1, at('09:00:05')],
    [v2, at('09:30:00')],
  ] as const,
}
const later = (startedAt: string) => ({
  ...runningStatus,
  containerStatuses: [{ name: 'app', state: { running: { startedAt } } }],
})
const cells = (text: string) => text.split('\n').map((line) => line.replace(/ {3,}/g, ' | '))
const image = ['--agent-image', agentImage]

t.test('each workload has a row for each version, and older ones come first', async (t) => {
  const { put, server, options } = await servePods(t)
  for (let i = 0; i < 40; i++)
    put(
      injectedPod({ name: `web-${i}`, metadata: ofWeb, annotations: inVariables }),
      logOf(stateOf(rotated)),
    )
  const files = { since: at('09:30:05'), versions: [v2], expires: '2027-01-01T00:00:00.000Z' }
  put(injectedPod({ name: 'files', namespace: 'team-b' }), logOf(stateOf(files)))
  const pinned = { vault: 'team-a', secrets: `db-password@${v1}` }
  const pinnedObject = { object: `secret team-a:db-password@${v1}`, since: at('10:00:00') }
  put(injectedPod({ name: 'pinned', annotations: pinned }), logOf(stateOf(pinnedObject)))
  const others = { vault: 'team-a', secrets: 'other' }
  put(injectedPod({ name: 'others', annotations: others }), logOf(stateOf()))
  server.accounts.put('team-a', 'app', {
    'akv-injector.io/sync-status': `db: ready\n  [team-a:db-password@${v2}]\nold: kept\n  [team-a:db-password@${v3}, team-a:other@${v1}]`,
  })
  const { code, stdout, stderr } = await run([
    ...['who', 'TEAM-A:DB-Password', '-A', ...image, ...options],
  ])
  t.equal(code, 0, stderr)
  t.equal(stderr, '')
  t.matchOnly(cells(stdout), [
    /^NAMESPACE \| WORKLOAD \| OBJECT \| IN \| VERSION \| HOLDERS \| SINCE \| EXPIRES IN \| NOTE$/,
    /^team-a \| Deployment\/web \| team-a:db-password \| variables \| 1{32} \| 40 \| \d+[smhd] \| - \| older$/,
    /^team-a \| Pod\/pinned \| team-a:db-password \| files \| 1{32} \| 1 \| \d+[smhd] \| - \| older$/,
    /^team-a \| ServiceAccount\/app \| .* \| Secret\/old \| 3{32} \| 1 \| - \| - \| older or newer than those of others$/,
    /^team-a \| Deployment\/web \| .* \| next start \| 2{32} \| 40 \| \d+[smhd] \| \d+d|expired \| newest$/,
    /^team-a \| ServiceAccount\/app \| .* \| Secret\/db \| 2{32} \| 1 \| - \|/,
    /^team-b \| Pod\/files \| .* \| files \| 2{32} \| 1 \|/,
    '',
  ])
  t.notOk(
    server.requests.some(({ path }) => path.includes('/pods/others/log')),
    'a pod that doesn’t ask for the object isn’t asked',
  )
  const old = await run([
    ...['who', 'team-a:db-password', '-A', '--old', '-o', 'json', ...image, ...options],
  ])
  t.strictSame(
    JSON.parse(old.stdout).holders.map((row: { workload: string }) => row.workload),
    ['Deployment/web', 'Pod/pinned', 'ServiceAccount/app'],
  )
})

t.test(
  'the gate opens only if nothing holds the version, and everything could be asked',
  async (t) => {
    const { put, server, logs, options } = await servePods(t)
    const gate = async (version: string, ...more: readonly string[]) =>
      await run([
        ...['who', 'team-a:db-password', '--version', version, '--gate', '-A'],
        ...(more.length > 0 ? more : image),
        ...options,
      ])
    t.match(await gate(v1), { code: 2, stdout: /not open .*: nobody asks for this object; check/ })

    put(injectedPod({ name: 'web', annotations: inVariables }), logOf(stateOf(rotated)))
    const held = await gate(v1)
    t.match(held, {
      code: 1,
      stdout: /Pod\/web .* variables .*\n\nthe gate is shut for team-a:db-p/,
    })
    t.match(held.stderr, /^the gate guards against mistakes: .*other clusters/m)
    t.match(await gate(v2), { code: 1, stdout: /Pod\/web .* next start / })
    t.match(await gate(v3), { code: 0, stdout: /open .*nobody of 1 that ask for the object holds/ })

    const unknownImage = await gate(v3, '--agent-image', 'other.example/agent')
    t.match(unknownImage, {
      code: 1,
      stdout: /1 +the agent isn’t as the webhook makes it: its image/,
    })
    t.match(await gate(v3, '--context', 'tests'), { code: 1, stdout: /name it with --agent-image/ })

    for (const [log, why] of [
      [failure(500, 'X', 'node is gone'), /its log can’t be read: .*node is gone/],
      [failure(403, 'Forbidden'), /its log may not be read/],
      ['', /agents of earlier versions don’t/],
      [logOf({ ...stateOf(), objects: [] }), /doesn’t know which version .* is in place/],
      [logOf(stateOf({ older: true })), /or its log leaves some out/],
      [
        logOf(stateOf({ ...rotated, older: true, variables: [[v2, at('09:30:00')]] })),
        /its record/,
      ],
      [
        logOf({ ...stateOf(rotated), at: '2026-01-01T00:00:00.000Z' }),
        /said nothing since 2026-01/,
      ],
    ] as const) {
      logs.set('team-a/web', log)
      t.match(await gate(v3), { code: 1, stdout: why })
    }
    logs.set('team-a/web', logOf(stateOf(rotated)))
    t.match(await gate(v3), { code: 0 })

    const statuses = [
      [`db: ready\n  [team-a:db-password@${v3}]`, /Secret\/db +3{32}/],
      ['db: ready', /its status doesn’t say what is in 1 Secret\n/],
      ['(others): 3 ready, 1 failing', /its status leaves out 4 Secrets\n/],
      ['db: ready\n  [team-a:db-password]', /the version of team-a:db-password isn’t known/],
      ['lies', /its status isn’t as Secret sync writes it/],
    ] as const
    for (const [text, why] of statuses) {
      server.accounts.put('team-a', 'app', { 'akv-injector.io/sync-status': text })
      t.match(await gate(v3), { code: 1, stdout: why }, text)
    }
    for (const object of ['db-password', 'other#', 'other']) {
      const list = `- secret: db\n  data: |\n    p=team-a:${object}`
      server.accounts.put('team-a', 'app', { 'akv-injector.io/sync': list })
      const isOther = object === 'other'
      const stdout = isOther ? /open/ : /Secret sync has written no status/
      t.match(await gate(v3), { code: isOther ? 0 : 1, stdout }, object)
    }
    server.accounts.put('team-a', 'app', {})
    t.match(await gate(v3), { code: 0 })
  },
)

t.test('what finds have found counts, too', async (t) => {
  const { put, server, options } = await servePods(t)
  const who = async (query: string, ...more: readonly string[]) =>
    await run(['who', query, '-A', ...more, ...image, ...options])
  const gate = async (version: string) => await who(`team-a:shop-key@${version}`, '--gate')
  const finds = { vault: 'team-a', secrets: 'shop/=find:shop-*[team=web]', refresh: '5m' }
  const key = { object: 'secret team-a:shop-key', versions: [v1] }
  put(injectedPod({ name: 'finds', annotations: finds }), logOf(stateOf(key)))
  t.match(await gate(v1), { code: 1, stdout: /Pod\/finds .* files +1{32}/ })
  t.match(await who('team-a'), { code: 0, stdout: /Pod\/finds .*team-a:shop-key +files +1{32}/ })
  t.match(await gate(v2), { code: 0, stdout: /open/ })
  t.match(await who('team-a:key/shop-key'), { stdout: /^(?!.*finds)/ })

  put(
    injectedPod({ name: 'finds', annotations: finds }),
    logOf(stateOf({ object: 'secret team-a:shop-key', older: true, versions: [] })),
  )
  t.match(await gate(v2), { code: 1, stdout: /doesn’t know which version of team-a:shop-key/ })
  put(injectedPod({ name: 'finds', annotations: finds }), failure(500, 'X', 'node is gone'))
  t.match(await gate(v2), { code: 1, stdout: /its log can’t be read/ })
  t.match(await who(`team-a:other@${v1}`, '--gate'), { code: 2, stdout: /nobody asks for this/ })

  const none = { ...stateOf(), objects: [] }
  put(injectedPod({ name: 'finds', annotations: finds }), logOf(none))
  t.match(await gate(v1), { code: 0, stdout: /open/ }, 'another tag')
  const sync = '- secret: db\n  data: p=team-a:other\n- secret: shop\n  data: ./=find:team-a:shop-*'
  server.accounts.put('team-a', 'app', { 'akv-injector.io/sync': sync })
  t.match(await gate(v1), { code: 1, stdout: /Secret sync has written no status/ })
  const status = (text: string) =>
    server.accounts.put('team-a', 'app', {
      ...{ 'akv-injector.io/sync': sync, 'akv-injector.io/sync-status': text },
    })
  const other = `db: ready\n  [team-a:other@${v1}]`
  status(other)
  t.match(await gate(v1), { code: 1, stdout: /its status doesn’t name a Secret/ })
  status(`${other}\nshop: ready\n  [team-a:shop-key@${v2}]`)
  t.match(await gate(v1), { code: 0, stdout: /open/ })
  t.match(await gate(v2), { code: 1, stdout: /Secret\/shop/ })
})

t.test('the gate finds everything that may hold the version', async (t) => {
  const { put, server, options } = await servePods(t)
  const gate = async (object: string, ...more: readonly string[]) =>
    await run(['who', `team-a:${object}@${v1}`, '--gate', ...more, ...image, ...options])

  const certificate = { vault: 'team-a', secrets: 'tls/web', refresh: '5m' }
  put(
    injectedPod({ name: 'tls', annotations: certificate }),
    logOf(stateOf({ object: 'tls team-a:web' })),
  )
  for (const type of ['', 'cert/', 'key/', 'secret/'])
    t.match(await gate(`${type}web`, '-A'), { code: 1, stdout: /Pod\/tls .* files / }, type)

  const upperCase = JSON.stringify(injectedPod({ name: 'by-hand' })).replace(
    /(\\"vault\\":\\")team-a/g,
    '$1Team-A',
  )
  put(JSON.parse(upperCase), logOf(stateOf({ object: 'secret Team-A:db-password' })))
  t.match(await gate('db-password', '-A'), { code: 1, stdout: /Pod\/by-hand .* files / })

  const killed = { exitCode: 137, reason: 'OOMKilled', finishedAt: at('10:10:00') }
  const state = { waiting: { reason: 'CrashLoopBackOff' } }
  const agent = { name: 'akv-injector', state, lastState: { terminated: killed } }
  const ended = { vault: 'team-a', secrets: 'ended', refresh: '5m' }
  put(
    injectedPod({
      name: 'ended',
      annotations: ended,
      status: { ...runningStatus, initContainerStatuses: [agent] },
    }),
    logOf(stateOf({ object: 'secret team-a:ended', versions: [v2] })),
  )
  t.match(await gate('ended', '-A'), { code: 1, stdout: /its agent has ended, and may have/ })

  const other = { vault: 'team-a', secrets: 'other' }
  put(
    injectedPod({ name: 'unseen', annotations: other }),
    failure(404, 'NotFound', 'pod does not exist'),
  )
  t.match(await gate('other', '-A'), { code: 1, stdout: /the kubelet doesn’t find the pod/ })

  server.accounts.put('team-a', 'app', {
    'akv-injector.io/sync': `- secret: db\n  data: p=team-a:new@${v1}`,
    'akv-injector.io/sync-status': 'other: ready\n  []',
  })
  t.match(await gate('new', '-A'), { code: 1, stdout: /its status doesn’t name a Secret/ })

  const nowhere = await gate('nothing', '-n', 'team-typo')
  t.match(nowhere, { code: 2, stderr: /the cluster has no namespace team-typo; check its name/ })
  t.match(await gate('db-password', '-n', 'team-a'), { code: 1 })
})

t.test('the gate sees pods that start while others are asked', async (t) => {
  const { put, server, options } = await servePods(t)
  put(injectedPod(), logOf(stateOf()))
  const { before } = server
  server.before = (request) => {
    if (request.path.endsWith('/log')) {
      put(injectedPod({ name: 'new' }), logOf(stateOf()))
      put(injectedPod({ annotations: inVariables, status: later('2026-11-29T11:00:00Z') }))
    }
    return before(request)
  }
  const args = ['who', 'team-a:db-password', '--version', v3, '--gate', '-n', 'team-a']
  const { code, stdout } = await run([...args, ...image, ...options])
  t.equal(code, 1)
  t.match(stdout, /Pod\/new +1 +it was started, or one of its containers was/)
  t.match(stdout, /Pod\/web +1 +it was started, or one of its containers was/)
})

t.test('the gate wants each synced Secret in a status', async (t) => {
  const { server, put, denied, options } = await servePods(t)
  const ofX = injectedPod({ annotations: { vault: 'team-a', secrets: 'x' } })
  put(ofX, logOf(stateOf({ object: 'secret team-a:x' })))
  const gate = async () =>
    await run(['who', `team-a:x@${v3}`, '--gate', '-A', ...image, ...options])
  const ofManager = (manager: string) => ({
    managedFields: [{ manager, fieldsV1: { 'f:status': {} } }],
  })
  const { externalSecrets, accounts } = server
  const other = ofManager('external-secrets')
  externalSecrets.put('ExternalSecret', { name: 'of-operator' }, {}, other)
  t.match(await gate(), { code: 0 })
  externalSecrets.put('ExternalSecret', { name: 'db' }, {}, ofManager('akv-injector-sync'))
  t.match(await gate(), { code: 1, stdout: /ExternalSecret\/db +1 +no account’s status names/ })
  accounts.put('team-a', 'app', { 'akv-injector.io/sync-status': 'db: ready\n  []' })
  t.match(await gate(), { code: 0 })
  denied.add('externalsecrets')
  t.match(await gate(), { code: 1, stdout: /\* +1 +ExternalSecrets can’t be read/ })
  denied.delete('externalsecrets')
  const classOf = (keyvaultName: string, secretName: string) => ({
    provider: 'azure',
    parameters: { keyvaultName },
    secretObjects: [{ secretName, type: 'Opaque', data: [] }],
  })
  const { classes } = server
  classes.put('team-a', 'elsewhere', classOf('team-b', 'other'))
  classes.put('team-a', 'synced', classOf('team-a', 'db'))
  t.match(await gate(), { code: 0 })
  classes.put('team-a', 'of-driver', classOf(' Team-A ', 'other'))
  t.match(await gate(), {
    code: 1,
    stdout: /SecretProviderClass\/of-driver +1 +no account’s status/,
  })
  denied.add('serviceaccounts')
  t.match(await gate(), { code: 1, stdout: /\* +1 +ServiceAccounts can’t be read/ })
})

t.test('an object that is too large to be read counts as not asked', async (t) => {
  const { put, server, options } = await servePods(t)
  // A page may have fewer values than that.
  const note = Array.from({ length: 600_000 }, () => 0)
  const large = injectedPod({ name: 'large' })
  put({ ...large, note } as typeof large, logOf(stateOf()))
  put(injectedPod({ name: 'small' }), logOf(stateOf()))
  const status = `db: ready\n  [team-a:db-password@${v1}]`
  const account = server.accounts.put('team-a', 'app', { 'akv-injector.io/sync-status': status })
  const path = '/api/v1/namespaces/team-a/serviceaccounts/app'
  server.objects.put(path, { ...account, note } as typeof account)
  const args = ['who', 'team-a:db-password', '-A', '-o', 'json', ...image, ...options]
  const { stdout } = await run(args)
  const { holders, unasked } = JSON.parse(stdout)
  t.match(holders, [{ workload: 'Pod/small' }, { workload: 'ServiceAccount/app', version: v1 }])
  t.match(unasked, [{ workload: 'Pod/large', why: /larger than is read of one object/ }])
})

t.test('twenty agents are asked at a time', async (t) => {
  const { put, server, options } = await servePods(t)
  const pods = 100
  for (let i = 0; i < pods; i++) put(injectedPod({ name: `web-${i}` }), logOf(stateOf()))
  const { before } = server
  let waiting: (() => void)[] = []
  let [most, asked] = [0, 0]
  server.before = async (request) => {
    if (!request.path.endsWith('/log')) return before(request)
    asked += 1
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      most = Math.max(most, waiting.length)
      if (waiting.length < 20) return
      for (const release of waiting) release()
      waiting = []
    })
    return before(request)
  }
  const args = ['who', 'team-a:db-password', '-n', 'team-a', '-o', 'json']
  const { stdout } = await run([...args, ...image, ...options])
  t.equal(JSON.parse(stdout).holders.length, pods)
  t.strictSame({ most, asked }, { most: 20, asked: pods })
})

t.test('a process may hold each version that was in place while it was started', async (t) => {
  const { put, options } = await servePods(t)
  const pod = (name: string, startedAt: string) =>
    put(
      injectedPod({ name, annotations: inVariables, status: later(startedAt) }),
      logOf(stateOf(rotated)),
    )
  pod('early', '2026-11-29T09:29:00Z')
  pod('during', '2026-11-29T09:30:30Z')
  pod('late', '2026-11-29T09:32:00Z')
  pod('other', '2026-11-29T08:00:00Z')
  const args = ['who', 'team-a:db-password', '-n', 'team-a', '-o', 'json']
  const { stdout } = await run([...args, ...image, ...options])
  const { holders, unasked } = JSON.parse(stdout)
  const rows = holders.map(
    ({ workload, in: heldIn, version, isPossible }: Record<string, unknown>) =>
      `${workload} ${heldIn} ${version === v1 ? 1 : 2}${isPossible ? '?' : ''}`,
  )
  t.strictSame(rows.toSorted(), [
    'Pod/during variables 1?',
    'Pod/during variables 2?',
    'Pod/early next start 2',
    'Pod/early variables 1',
    'Pod/late variables 2',
    'Pod/other next start 2',
  ])
  t.match(unasked, [{ workload: 'Pod/other', why: /before its record begins/ }])
})

t.test('who names thousands of versions isn’t believed', async (t) => {
  const { put, options } = await servePods(t)
  const [entry] = stateOf({ versions: Array(200).fill(v1) }).objects
  const stateWith = (entries: number) => ({ ...stateOf(), objects: Array(entries).fill(entry) })
  put(injectedPod({ name: 'some' }), logOf(stateWith(2)))
  put(injectedPod({ name: 'many' }), logOf(stateWith(3)))
  const args = ['who', 'team-a:db-password', '-A', '--output', 'json', ...image, ...options]
  const { holders, unasked } = JSON.parse((await run(args)).stdout)
  t.match(holders, [
    { holders: ['some'], version: v1 },
    { holders: ['many'], version: undefined },
  ])
  t.match(unasked, [{ holders: ['many'], why: /doesn’t know which version/ }])
  t.equal(unasked.length, 1)
})

t.test('who can list only objects that expire soon', async (t) => {
  const { server, put, options } = await servePods(t)
  const expiresIn = (days: number) =>
    new Date(Number(server.date) + days * 24 * 3600_000 + 60_000).toISOString()
  put(injectedPod({ name: 'soon' }), logOf(stateOf({ expires: expiresIn(20) })))
  put(injectedPod({ name: 'never' }), logOf(stateOf()))
  const late = stateOf({ versions: [v2], expires: expiresIn(40) })
  put(injectedPod({ name: 'late' }), logOf(late))
  const args = ['who', 'team-a', '-A', '--expires', '30d']
  const { code, stdout } = await run([...args, ...image, ...options])
  t.equal(code, 0)
  t.match(stdout, /Pod\/soon .* 20d /)
  t.match(stdout, /Pod\/never .* 20d /, 'it holds the same version')
  t.notMatch(stdout, /Pod\/late/)
})

t.test('nothing unprintable is shown, and JSON stays JSON', async (t) => {
  const { put, options } = await servePods(t)
  const owner = { kind: '\u001b[2JReplicaSet\u202e', name: '\u009b1;1H\nroot', controller: true }
  put(injectedPod({ metadata: { ownerReferences: [owner] } }), logOf(stateOf()))
  put(injectedPod({ name: 'b' }), failure(500, 'X', '\u001b[2J\u202e'))
  for (const output of ['text', 'json']) {
    const args = ['who', 'team-a', '-A', '-o', output]
    const { stdout, stderr } = await run([...args, ...image, ...options])
    t.notMatch(stdout + stderr, /[^\P{C}\n]/u)
    if (output === 'text') continue
    t.match(JSON.parse(stdout).holders, [{ workload: `${owner.kind}/${owner.name}` }])
  }
})

t.test('a mistake in the arguments is a sentence', async () => {
  const mistakes = [
    [['who'], /missing required argument 'object'/],
    [['who', '!'], /"!" isn't a valid vault name/],
    [['who', 'team-a:x#y'], /expected an object without "#"/],
    [['who', 'team-a:nouns/x'], /"nouns" isn't a valid object type/],
    [['who', 'team-a:x', '--version', 'new'], /"new" isn't a valid version; accepted: 32 hex/],
    [['who', `team-a:x@${v1}`, '--version', v2], /--version and the version after "@" differ/],
    [['who', 'team-a:x', '--gate'], /--gate needs an object and its version/],
    [['who', 'team-a', '--gate', '--version', v1], /--gate needs an object and its version/],
    [['who', 'team-a:x', '--gate', '--version', v1], /--gate needs -A, or -n/],
    [['who', `team-a:x@${v1}`, '--gate', '-A', '--old'], /can’t be combined with --old/],
    [['who', 'team-a', '--expires', 'soon'], /expected a duration in whole hours/],
  ] as const
  for (const [args, sentence] of mistakes)
    t.match(await run(args), { code: 2, stdout: '', stderr: sentence }, args.join(' '))
})
