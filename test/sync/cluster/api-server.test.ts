import { writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { bindingAudience, tokenAudience } from '../../../lib/azure/token-audience.ts'
import { connectCluster } from '../../../sync/cluster/api-server.ts'
import { startApiServer } from '../../support/api-server/start-api-server.ts'
import { kubeconfigText } from '../../support/kubeconfig-text.ts'
import { startSilentServer } from '../../support/servers/start-silent-server.ts'
import { showBehaviour } from '../harness/behaviour.ts'
import { freePace } from '../harness/free-pace.ts'

type Options = Omit<Parameters<typeof connectCluster>[0], 'signal'>

function connect(t: Test, kubeconfigFile: string, options: Options = {}) {
  process.env['KUBECONFIG'] = kubeconfigFile
  const abort = new AbortController()
  t.teardown(() => abort.abort())
  return connectCluster({ signal: abort.signal, ...options })
}

async function start(t: Test, options: Options = {}) {
  const apiServer = await startApiServer(t)
  return { apiServer, cluster: connect(t, apiServer.kubeconfigFile, options) }
}

const account = { namespace: 'team-a', name: 'web', uid: 'the-uid', annotations: {} }
const db = { namespace: 'team-a', name: 'db' }

t.test('on the tests’ API server, sync treats Secrets as on a real one', async (t) => {
  const { apiServer, cluster } = await start(t)
  const { secrets } = apiServer
  await showBehaviour(t, {
    cluster,
    account,
    others: {
      async write(name, data) {
        const path = `team-a/${name}`
        if (!secrets.get(path)) secrets.create(path)
        secrets.edit(path, { data })
      },
      async offer(name) {
        secrets.edit(`team-a/${name}`, { annotations: { 'akv-injector.io/adopt': 'true' } })
      },
      async delete(name) {
        secrets.delete(`team-a/${name}`)
      },
    },
  })
  t.notOk(
    apiServer.requests.some(({ method, path }) => method === 'GET' && path.endsWith('/secrets')),
    'Secrets are never listed',
  )
  t.notOk(apiServer.requests.some(({ method }) => method === 'PUT'))
})

t.test('tokens are requested with one audience and the account’s uid', async (t) => {
  const { apiServer, cluster } = await start(t)
  apiServer.accounts.put('team-a', 'web', {})
  const [seen] = (await cluster.accounts.list('team-a')).objects
  t.equal(await cluster.requestToken({ ...account, uid: seen?.uid ?? '' }, tokenAudience), 'a.b.c')
  for (const audience of [bindingAudience, tokenAudience] as const) {
    await cluster.requestToken({ ...account, uid: seen?.uid ?? '' }, audience)
    t.match(apiServer.requests.at(-1), {
      method: 'POST',
      path: '/api/v1/namespaces/team-a/serviceaccounts/web/token',
      body: { spec: { audiences: [audience], expirationSeconds: 600 } },
    })
  }
  await t.rejects(cluster.requestToken(account, tokenAudience), {
    code: 'AKV_ACCOUNT_TOKEN',
    message: 'ServiceAccount team-a/web: no token: the account was deleted and created again',
  })
  await t.rejects(cluster.requestToken({ ...account, name: 'no' }, tokenAudience), {
    code: 'AKV_ACCOUNT_TOKEN',
    message: /the account does not exist$/,
  })
  apiServer.before = () => [201, { status: {} }]
  await t.rejects(cluster.requestToken(account, tokenAudience), {
    message: /the answer contains no token$/,
  })
})

t.test('writing the status changes one annotation of the account with that uid', async (t) => {
  const { apiServer, cluster } = await start(t)
  apiServer.accounts.put('team-a', 'web', { a: '1' })
  const [seen] = (await cluster.accounts.list('team-a')).objects
  if (seen === undefined) throw new Error('no account')
  await cluster.writeStatus(seen, 'db: ready')
  t.match(apiServer.requests.at(-1), {
    method: 'PATCH',
    path: '/api/v1/namespaces/team-a/serviceaccounts/web',
    contentType: 'application/merge-patch+json',
  })
  t.strictSame(apiServer.accounts.annotationsOf('team-a', 'web'), {
    a: '1',
    'akv-injector.io/sync-status': 'db: ready',
  })
  await t.rejects(cluster.writeStatus({ ...seen, uid: 'another' }, 'x'), {
    message: /^the status of ServiceAccount team-a\/web/,
  })
  await cluster.writeStatus(seen, undefined)
  t.strictSame(apiServer.accounts.annotationsOf('team-a', 'web'), { a: '1' })
})

t.test('a watch reports changes and the version at which it ended', async (t) => {
  const { apiServer, cluster } = await start(t)
  apiServer.accounts.put('team-a', 'web', { 'akv-injector.io/sync': '1', a: '1' })
  const { objects: accounts, resourceVersion } = await cluster.accounts.list('team-a')
  t.match(accounts, [
    { namespace: 'team-a', name: 'web', annotations: { 'akv-injector.io/sync': '1' } },
  ])
  const told: string[] = []
  const watching = cluster.accounts.watch({
    namespace: 'team-a',
    resourceVersion,
    signal: new AbortController().signal,
    onOpen: () => told.push('open'),
    onObject: ({ name, annotations }) => told.push(`${name} ${JSON.stringify(annotations)}`),
    onGone: (name) => told.push(`gone ${name}`),
  })
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  apiServer.accounts.put('team-b', 'web', {})
  apiServer.accounts.put('team-a', 'web', { 'akv-injector.io/sync': '2' })
  apiServer.accounts.put('team-a', 'api', {})
  apiServer.accounts.delete('team-a', 'web')
  apiServer.endWatches({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '77' } } })
  t.equal(await watching, '77')
  t.strictSame(told, ['open', 'web {"akv-injector.io/sync":"2"}', 'api {}', 'gone web'])
})

t.test('what happens between a list and its watch is told, deletions too', async (t) => {
  const { apiServer, cluster } = await start(t)
  const names = Array.from({ length: 60 }, (_, i) => `account-${i}`)
  for (const name of names) apiServer.accounts.put('team-a', name, {})
  apiServer.before = ({ query }) => {
    if (!query.has('continue')) return undefined
    apiServer.accounts.delete('team-a', 'account-0')
    apiServer.accounts.delete('team-a', 'account-59')
    return void apiServer.accounts.put('team-a', 'account-59', {})
  }
  const { objects, resourceVersion } = await cluster.accounts.list('team-a')
  t.strictSame(
    objects.map(({ name }) => name),
    names,
    'all pages are of one version',
  )
  apiServer.rights.touch('team-a')
  apiServer.accounts.put('team-b', 'other', {})
  const told: string[] = []
  const watching = cluster.accounts.watch({
    namespace: 'team-a',
    resourceVersion,
    signal: new AbortController().signal,
    onObject: ({ name }) => told.push(name),
    onGone: (name) => told.push(`gone ${name}`),
  })
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  apiServer.endWatches()
  await watching
  t.strictSame(told, ['gone account-0', 'gone account-59', 'account-59'])
})

t.test('a watch from a version that is too old fails, so there is a new list', async (t) => {
  const { apiServer, cluster } = await start(t)
  const { resourceVersion } = await cluster.accounts.list('team-a')
  for (let i = 0; i <= 1_000; i++) apiServer.accounts.put('team-a', 'web', {})
  const watching = cluster.accounts.watch({
    namespace: 'team-a',
    resourceVersion,
    signal: new AbortController().signal,
    onObject: () => t.fail('an object was told'),
    onGone: () => undefined,
  })
  await t.rejects(watching, /ended the watch with an error/)
})

t.test('objects that are too large for a page are listed a few at a time', async (t) => {
  const { apiServer, cluster } = await start(t)
  const names = Array.from({ length: 10 }, (_, i) => `large-${i}`)
  const large = 'x'.repeat(400_000)
  for (const name of names) {
    apiServer.accounts.put('team-a', name, { 'example.com/notes': large })
    apiServer.externalSecrets.put('ExternalSecret', { name }, { large })
    apiServer.externalSecrets.put('ClusterSecretStore', { name }, { large })
  }
  const lists = [
    [() => cluster.accounts.list('team-a'), [50, 13, 4, 4, 4]],
    [() => cluster.objectsOf.ExternalSecret.list('team-a'), [20, 5, 5]],
    [() => cluster.objectsOf.ClusterSecretStore.list(''), [20, 5, 5]],
  ] as const
  for (const [list, limits] of lists) {
    const before = apiServer.requests.length
    const { objects } = await list()
    t.strictSame(
      objects.map(({ name }) => name),
      names,
    )
    const requests = apiServer.requests.slice(before)
    t.strictSame(
      requests.map(({ query }) => Number(query.get('limit'))),
      limits,
    )
  }
})

t.test('what reading takes is measured, and charged to the namespace that is read', async (t) => {
  let looks = 0
  const charges: { readonly namespace: string; readonly microseconds: number }[] = []
  const charge = (namespace: string, microseconds: number) =>
    void charges.push({ namespace, microseconds })
  const take = () => {
    const taken = charges.splice(0)
    for (const { microseconds } of taken) t.ok(microseconds > 0)
    return taken.map(({ namespace }) => namespace)
  }
  const { apiServer, cluster } = await start(t, {
    pace: { ...freePace, charge },
    // Time passes whenever somebody looks at the clock.
    clock: { now: () => looks++ },
  })
  const notes = { 'example.com/notes': 'x'.repeat(400_000) }
  for (let i = 0; i < 10; i++) apiServer.accounts.put('team-a', `large-${i}`, notes)
  await cluster.accounts.list('team-a')
  t.strictSame(take(), Array(12).fill('team-a'), 'ten accounts, and two pages that were too large')

  apiServer.accounts.put('team-b', 'small', {})
  const selection = {
    isOurs: () => true,
    onAsking: () => undefined,
    onCost: charge,
    leftOut: () => [],
  }
  await cluster.accounts.list('', undefined, selection)
  t.strictSame(
    take().filter((namespace) => namespace !== ''),
    [...Array(10).fill('team-a'), 'team-b'],
  )

  await cluster.readSecret(db)
  while (charges.length === 0) await new Promise(setImmediate)
  t.strictSame(take(), ['team-a'])
})

t.test('a list has only the outline of an object that is too large', async (t) => {
  const { apiServer, cluster } = await start(t)
  const notes = 'x'.repeat(3_000_000)
  apiServer.accounts.put('team-a', 'huge', {
    'akv-injector.io/sync': '1',
    'example.com/notes': notes,
  })
  const { objects: accounts } = await cluster.accounts.list('team-a')
  t.match(accounts, [{ name: 'huge', annotations: { 'akv-injector.io/sync': '1' } }])

  const target = { name: 'claimed' }
  const sentence =
    /^is larger than the controller reads; accepted: 640 KiB, and 32768 values of JSON/
  const refused = { kind: 'refused', claims: ['claimed'], sentence }
  const { externalSecrets } = apiServer
  externalSecrets.put('ExternalSecret', { name: 'long' }, { data: notes, target })
  const items = Array.from({ length: 100_000 }, () => ({}))
  externalSecrets.put('ExternalSecret', { name: 'many' }, { data: items, target })
  externalSecrets.put('ExternalSecret', { name: 'small' }, { target })
  const { objects } = await cluster.objectsOf.ExternalSecret.list('team-a')
  const contents = new Map(objects.map(({ name, content }) => [name, content]))
  t.equal(contents.size, 3)
  t.match(contents.get('long'), refused)
  t.match(contents.get('many'), refused)
  t.match(contents.get('small'), { kind: 'kept', claims: ['claimed'] })
})

t.test('no object can keep its own name, or the rest of the list, from being read', async (t) => {
  const { apiServer, cluster } = await start(t)
  const annotations = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, i) => [`akv-injector.io/${i}`, '']),
  )
  const secretObjects = Array.from({ length: 5_000 }, () => ({ secretName: 'x' }))
  const status = { conditions: Array.from({ length: 5_000 }, () => ({ type: 'x' })) }
  const spec = { secretObjects, data: 'x'.repeat(2_200_000) }
  const { externalSecrets } = apiServer
  for (const name of ['a', 'b', 'c']) {
    const evil = externalSecrets.put(
      'ExternalSecret',
      { namespace: 'evil', name: `${name}-evil` },
      spec,
      { annotations },
    )
    apiServer.objects.put(
      `/apis/external-secrets.io/v1/namespaces/evil/externalsecrets/${name}-evil`,
      { ...evil, status } as typeof evil,
    )
    externalSecrets.put('ExternalSecret', { name }, {})
  }
  const { objects, resourceVersion } = await cluster.objectsOf.ExternalSecret.list('')
  t.strictSame(
    objects.map(({ namespace, name }) => `${namespace}/${name}`),
    ['evil/a-evil', 'team-a/a', 'evil/b-evil', 'team-a/b', 'evil/c-evil', 'team-a/c'],
  )
  t.match(resourceVersion, /^\d+$/)
})

t.test('an object that becomes too large doesn’t count as deleted', async (t) => {
  const { apiServer, cluster } = await start(t)
  const { externalSecrets } = apiServer
  const target = { name: 'claimed' }
  externalSecrets.put('ExternalSecret', { name: 'db' }, { target })
  const { resourceVersion } = await cluster.objectsOf.ExternalSecret.list('team-a')
  const seen: unknown[] = []
  const watching = cluster.objectsOf.ExternalSecret.watch({
    namespace: 'team-a',
    resourceVersion,
    signal: new AbortController().signal,
    onObject: ({ name, uid, content }) => seen.push({ name, uid, kind: content.kind }),
    onGone: (name) => seen.push(`gone ${name}`),
  })
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  const huge = { data: 'x'.repeat(1_300_000), target }
  externalSecrets.put('ExternalSecret', { name: 'db' }, huge)
  externalSecrets.put('ExternalSecret', { name: 'new' }, huge)
  externalSecrets.put('ExternalSecret', { name: 'db' }, { target })
  externalSecrets.delete('ExternalSecret', 'new')
  apiServer.endWatches({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '77' } } })
  t.equal(await watching, '77')
  t.match(seen, [
    { name: 'db', kind: 'refused' },
    { name: 'new', kind: 'refused' },
    { name: 'db', kind: 'kept' },
    'gone new',
  ])
})

t.test('accounts are listed page by page, and only the needed annotations are kept', async (t) => {
  const { apiServer, cluster } = await start(t)
  const names = Array.from({ length: 120 }, (_, i) => `account-${i}`)
  const annotations = {
    'akv-injector.io/vault': 'team-a',
    'azure.workload.identity/client-id': 'x',
    'azure.workload.identity/tenant-id': 'y',
  }
  const others = { 'azure.workload.identity/other': 'z', 'example.com/notes': 'x'.repeat(10_000) }
  for (const name of names) apiServer.accounts.put('team-a', name, { ...annotations, ...others })
  const { objects: accounts, resourceVersion } = await cluster.accounts.list('team-a')
  t.strictSame(
    accounts.map(({ name }) => name),
    names,
  )
  t.strictSame(accounts[119]?.annotations, annotations)
  t.match(resourceVersion, /^\d+$/)
  t.equal(apiServer.requests.length, 3)
  const abridged = await cluster.accounts.list('team-a', (account) => ({ ...account, name: 'x' }))
  t.ok(abridged.objects.every(({ name }) => name === 'x'))
})

t.test('each page of ExternalSecrets is reduced before the next one is read', async (t) => {
  const { apiServer, cluster } = await start(t)
  const data = 'x'.repeat(90_000)
  for (let i = 0; i < 45; i++)
    apiServer.externalSecrets.put('ExternalSecret', { name: `db-${i}` }, { data })
  const reducedAt: number[] = []
  const { objects } = await cluster.objectsOf.ExternalSecret.list('team-a', (seen) => {
    reducedAt.push(apiServer.requests.length)
    return { ...seen, content: { kind: 'nothing' } }
  })
  t.equal(objects.length, 45)
  t.ok(objects.every(({ content }) => content.kind === 'nothing'))
  t.equal(apiServer.requests.length, 3)
  t.strictSame([reducedAt[0], reducedAt[20], reducedAt[40]], [1, 2, 3])
})

t.test('a watch that is refused or ends with an error is rejected', async (t) => {
  const { apiServer, cluster } = await start(t)
  const options = {
    namespace: 'team-a',
    resourceVersion: '1',
    signal: new AbortController().signal,
    onObject: () => t.fail('told of an account'),
    onGone: () => t.fail('told of an account'),
  }
  const watching = cluster.accounts.watch(options)
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  apiServer.endWatches({ type: 'ERROR', object: { kind: 'Status', code: 410 } })
  await t.rejects(watching, { message: 'the API server ended the watch with an error' })
  for (const status of [410, 403, 500]) {
    apiServer.before = () => [status, {}]
    await t.rejects(cluster.accounts.watch(options), {
      message: `the API server answered ${status} to a watch`,
    })
  }
  const stop = new AbortController()
  apiServer.before = () => undefined
  const stopped = cluster.accounts.watch({ ...options, signal: stop.signal })
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  stop.abort()
  await t.rejects(stopped)
})

t.test('after an open watch has broken, requests open a new connection', async (t) => {
  const { apiServer, cluster } = await start(t)
  const watch = (signal: AbortSignal) =>
    cluster.accounts.watch({
      namespace: 'team-a',
      resourceVersion: '1',
      signal,
      onObject: () => undefined,
      onGone: () => undefined,
    })
  const stop = new AbortController()
  const stopped = watch(stop.signal)
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  stop.abort()
  await t.rejects(stopped)
  for (let i = 0; i < 5; i++) await cluster.readSecret(db)
  apiServer.before = ({ method }) => (method === 'WATCH' ? [403, {}] : undefined)
  const refusedFrom = apiServer.connections()
  await t.rejects(watch(new AbortController().signal))
  await cluster.readSecret(db)
  t.equal(apiServer.connections(), refusedFrom + 1, 'only the refused watch has a new connection')
  apiServer.before = () => undefined

  const watching = watch(new AbortController().signal)
  while (apiServer.watches() === 0) await new Promise(setImmediate)
  const before = apiServer.connections()
  await cluster.readSecret(db)
  t.equal(apiServer.connections(), before)
  apiServer.endWatches({ type: 'ERROR', object: {} })
  await t.rejects(watching)
  await cluster.readSecret(db)
  t.equal(apiServer.connections(), before + 1)
})

t.test('errors have a code and never repeat the API server’s words', async (t) => {
  const { apiServer, cluster } = await start(t)
  const forbidden =
    'secrets "db" is forbidden: User "x" cannot get resource "secrets" in API group "" in the namespace "team-a"'
  const webhook = 'admission webhook "deny.example.com" denied the request: s3cr3t'
  const policy = "ValidatingAdmissionPolicy 'limits' with binding 'b' denied request: s3cr3t"
  for (const [status, message, code, sentence] of [
    [403, forbidden, 'AKV_CLUSTER_FORBIDDEN', 'the controller may not get secrets there'],
    [403, webhook, 'AKV_CLUSTER_FORBIDDEN', 'the admission webhook "deny.example.com" refused it'],
    [403, policy, 'AKV_CLUSTER_FORBIDDEN', 'the ValidatingAdmissionPolicy "limits" refused it'],
    [403, 's3cr3t', 'AKV_CLUSTER_FORBIDDEN', 'the API server refused it (403)'],
    [401, 's3cr3t', 'AKV_CLUSTER_FORBIDDEN', 'the API server refused it (401)'],
    [500, 's3cr3t', 'AKV_CLUSTER_UNAVAILABLE', 'the API server answered 500'],
    [418, 's3cr3t', 'AKV_CLUSTER_UNAVAILABLE', 'the API server answered 418'],
  ] as const) {
    apiServer.before = () => [status, { kind: 'Status', message }]
    await t.rejects(cluster.readSecret(db), { code, message: `Secret team-a/db: ${sentence}` })
    const isDenied = message === webhook || message === policy
    const writeCode = isDenied ? 'AKV_SECRET_REFUSED' : code
    await t.rejects(cluster.deleteSecret(db, 'uid'), { code: writeCode })
    await t.rejects(cluster.accounts.list('team-a'), { code })
  }
  apiServer.before = () => [200, { kind: 'Table' }]
  await t.rejects(cluster.readSecret(db), {
    code: 'AKV_CLUSTER_UNAVAILABLE',
    message: /isn't a valid Secret/,
  })
})

t.test('an unreachable or silent API server is reported in time', async (t) => {
  const { port, close } = await startSilentServer(t)
  const file = `${t.testdir()}/kubeconfig`
  writeFileSync(file, kubeconfigText({ server: `https://127.0.0.1:${port}`, token: 'x' }))
  const expected = {
    code: 'AKV_CLUSTER_UNAVAILABLE',
    message: 'Secret team-a/db: the API server could not be reached',
  }
  await t.rejects(connect(t, file, { timeoutMs: 100 }).readSecret(db), expected)
  close()
  await t.rejects(connect(t, file).readSecret(db), expected)
})

t.test('Events are shown by kubectl describe of the account', async (t) => {
  const { apiServer, cluster } = await start(t)
  const message = 'x'.repeat(2000)
  await cluster.createEvent({ account, type: 'Warning', reason: 'SyncFailed', message })
  t.match(apiServer.requests.at(-1), {
    path: '/api/v1/namespaces/team-a/events',
    body: {
      metadata: { namespace: 'team-a', generateName: 'web.' },
      involvedObject: { kind: 'ServiceAccount', namespace: 'team-a', name: 'web', uid: 'the-uid' },
      type: 'Warning',
      reason: 'SyncFailed',
      message: /^x{1023}…$/,
      count: 1,
    },
  })
})

t.test('errors contain no token and no value', async (t) => {
  const { apiServer, cluster } = await start(t)
  apiServer.before = () => [403, { message: 'User "x" cannot s3cr3t resource "s3cr3t s3cr3t" in' }]
  const error = await cluster.readSecret(db).catch((error: Error) => error)
  t.notMatch(String((error as Error).stack), /s3cr3t|test-api-server-token/)
})

t.test('an answer about rights is complete only if it says so and has no error', async (t) => {
  const { apiServer, cluster } = await start(t)
  const rule = { verbs: ['create'], apiGroups: [''], resources: ['secrets'] }
  const complete = { resourceRules: [rule], nonResourceRules: [], incomplete: false }
  const answers = [
    [complete, false],
    [{ ...complete, evaluationError: '' }, false],
    [{ ...complete, evaluationError: 'roles.rbac.authorization.k8s.io "x" not found' }, true],
    [{ ...complete, incomplete: true }, true],
    [undefined, true],
  ] as const
  for (const [status, isIncomplete] of answers) {
    apiServer.before = ({ path }) =>
      path.endsWith('/selfsubjectrulesreviews') ? [201, { spec: {}, status }] : undefined
    t.match(await cluster.reviewRules('team-a'), { isIncomplete }, JSON.stringify(status))
  }
})
