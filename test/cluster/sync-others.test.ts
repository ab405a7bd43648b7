import t from 'tap'
import { annotations } from '../sync/world.ts'
import type { KubeObject } from './api.ts'
import { until } from './cluster.ts'
import { must } from './must.ts'
import { accountsIn, secretsIn } from './sync-account.ts'
import { openSyncWorld } from './sync-world.ts'

/** Whole rounds on a real API server, beside others who write and delete. */
const world = await openSyncWorld(t)
const { api, cluster, namespace, azure } = world
const sync = '[{ secret: db, data: "password=db-password, url=db#url" }]'
const good = { password: 'correct horse', url: 'postgres://x' }
const record = 'akv-injector-sync-web'
const base64 = (text: string) => Buffer.from(text).toString('base64')
const secretObject = (name: string, fields: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace },
  ...fields,
})

const patch = (name: string, fields: object, fieldManager: string) =>
  api.call({
    method: 'PATCH',
    path: `${secretsIn(namespace)}/${name}`,
    body: fields,
    contentType: 'application/merge-patch+json',
    query: { fieldManager },
  })

/** Begins each test without Secrets of the one before. */
async function startAnew(list = sync): Promise<void> {
  await world.annotate({})
  await world.round()
  for (const { metadata } of await cluster.list(secretObject('any', {})))
    must(await cluster.delete(secretObject(String(metadata.name), {})))
  world.restart()
  await world.annotate(annotations(list))
  await world.round()
  await world.events()
}

/** Rounds of a day, in which nobody is to write anything. */
async function hasSettled(names = ['db']): Promise<boolean> {
  const versions = () => Promise.all([...names, record].map(world.version))
  const before = await versions()
  for (let i = 0; i < 3; i++) {
    world.pass(330_000)
    await world.round()
  }
  return JSON.stringify(await versions()) === JSON.stringify(before)
}

t.test('a Secret is made whole, and holds nothing but what was asked for', async (t) => {
  await startAnew()
  const secret = await world.secret('db')
  t.strictSame(await world.values('db'), good)
  t.match(secret, {
    type: 'Opaque',
    metadata: { labels: { 'app.kubernetes.io/managed-by': 'akv-injector' } },
  })
  t.match(secret?.metadata['ownerReferences'], [{ kind: 'ServiceAccount', name: 'web' }])
  t.match(secret?.metadata['managedFields'], [{ manager: 'akv-injector-sync', operation: 'Apply' }])
  const { annotations: found } = secret?.metadata ?? {}
  t.match(found, {
    'akv-injector.io/synced': /^team-a:db-password@[0-9a-f]{32}, team-a:db@[0-9a-f]{32}$/,
  })
  t.ok(await hasSettled())
})

t.test('ten refreshes write nothing', async (t) => {
  await startAnew()
  const versions = async () =>
    (await cluster.list(secretObject('any', {}))).map(({ metadata }) => metadata['resourceVersion'])
  const before = await versions()
  world.vaultPaths()
  for (let i = 0; i < 10; i++) {
    world.pass(330_000)
    await world.round()
  }
  t.strictSame(await versions(), before)
  t.equal(world.vaultPaths().length, 20, 'though each looked')
  t.strictSame(await world.events(), [])
})

t.test('all keys change in one write', async (t) => {
  await startAnew(
    '[{ secret: tls, type: kubernetes.io/tls, data: tls/web }, { secret: db, data: "a=extra, b=extra" }]',
  )
  const before = await world.values('tls')
  const uid = (await world.secret('tls'))?.metadata['uid']
  azure.rotate({ vault: 'team-a', name: 'web', type: 'certificate' })
  azure.rotate({ vault: 'team-a', name: 'extra', value: 'less' })
  const { metrics } = world.options
  const applies = async () =>
    Number(/writes_total\{operation="apply"\} (\d+)/.exec(await metrics.text())?.[1] ?? 0)
  const appliesBefore = await applies()
  world.pass(330_000)
  await world.round()
  t.equal((await applies()) - appliesBefore, 2, 'one for each Secret')
  const after = await world.values('tls')
  for (const key of ['tls.crt', 'tls.key']) t.not(after?.[key], before?.[key])
  t.strictSame(await world.values('db'), { a: 'less', b: 'less' })
  t.equal((await world.secret('tls'))?.metadata['uid'], uid)
  azure.rotate({ vault: 'team-a', name: 'extra', value: 'more' })
})

t.test('`kubectl apply` beside us: what it adds stays, and neither takes it back', async (t) => {
  await startAnew()
  // As kubectl does by default: what was applied last is an annotation, and the difference a patch.
  const configuration = JSON.stringify({ data: { theirs: base64('x') } })
  const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': configuration }
  const added = {
    metadata: { annotations: lastApplied, labels: { team: 'a' } },
    data: { theirs: base64('x') },
  }
  must(await patch('db', added, 'kubectl-client-side-apply'))
  t.ok(await hasSettled())
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  world.pass(330_000)
  await world.round()
  t.strictSame(await world.values('db'), { ...good, password: 'new one', theirs: 'x' })
  const { labels, annotations: found } = (await world.secret('db'))?.metadata ?? {}
  t.match(labels, { team: 'a' })
  t.match(found, lastApplied)
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test(
  'a GitOps tool that applies its own part again and again doesn’t fight with us',
  async (t) => {
    await startAnew()
    const part = secretObject('db', {
      metadata: { name: 'db', namespace, labels: { 'argocd.argoproj.io/instance': 'shop' } },
      data: { theirs: base64('x') },
    })
    const applyPart = async () => must(await cluster.apply(part))
    await applyPart()
    const before = await world.version('db')
    for (let i = 0; i < 3; i++) {
      world.pass(330_000)
      await world.round()
      await applyPart()
    }
    t.equal(await world.version('db'), before)
    t.strictSame(await world.values('db'), { ...good, theirs: 'x' })
    // It gives its part up: what was its own goes, what is ours stays.
    must(await cluster.apply(secretObject('db', { data: {} })))
    t.strictSame(await world.values('db'), good)
    t.ok(await hasSettled())
  },
)

t.test('a GitOps tool that claims our keys by force keeps them, and is named once', async (t) => {
  await startAnew()
  must(await cluster.apply(secretObject('db', { data: { password: base64('from git') } })))
  t.ok(await hasSettled(), 'nobody’s write is undone')
  t.strictSame(await world.values('db'), { ...good, password: 'from git' })
  t.match(await world.events(), [
    /^SyncFailed: AKV_SECRET_CONFLICT: .*data\.password belongs to "cluster-tests"/,
  ])
})

t.test(
  'an entry that is taken out takes its Secret with it, also while we were away',
  async (t) => {
    const two = `${sync.slice(0, -1)}, { secret: more, data: extra }]`
    for (const restart of [() => undefined, world.restart]) {
      await startAnew(two)
      t.strictSame(await world.values('more'), { extra: 'more' })
      restart()
      await world.annotate(annotations(sync))
      await world.round()
      t.equal(await world.values('more'), undefined)
      t.strictSame(await world.values('db'), good)
      t.strictSame(await world.values(record), { secrets: 'db' })
      restart()
      await world.annotate({})
      await world.round()
      t.equal(await world.values('db'), undefined)
      t.equal(await world.values(record), undefined)
    }
  },
)

t.test('a slip in the annotation deletes nothing', async (t) => {
  await startAnew()
  await world.annotate(annotations('[{ secret: other, dat: extra }]'))
  await world.round()
  t.strictSame(await world.values('db'), good)
  t.match(await world.events(), [/^SyncFailed: AKV_SYNC_ANNOTATION: .*dat/])
})

t.test('a deleted account takes its Secrets with it', async (t) => {
  await startAnew()
  must(await api.call({ method: 'DELETE', path: `${accountsIn(namespace)}/web` }))
  await until(async () => (await world.values('db')) === undefined)
  await until(async () => (await world.values(record)) === undefined)
  t.pass('the garbage collector has found them by their owner')
  await world.annotate({})
})

t.test(
  'an account that is made anew gets its Secrets anew, and the collector leaves these',
  async (t) => {
    await startAnew()
    const before = await world.secret('db')
    must(await api.call({ method: 'DELETE', path: `${accountsIn(namespace)}/web` }))
    const { metadata } = await world.annotate(annotations(sync))
    for (let i = 0; i < 3; i++) await world.round()
    const after = await world.secret('db')
    t.not(after?.metadata['uid'], before?.metadata['uid'])
    t.match(after?.metadata['ownerReferences'], [{ uid: metadata['uid'] }])
    t.strictSame(await world.values('db'), good)
    t.ok(await hasSettled())
  },
)

t.test('a Secret that is deleted while its values are fetched is made anew, whole', async (t) => {
  await startAnew()
  const uid = (await world.secret('db'))?.metadata['uid']
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  azure.addFault({ match: { service: 'vault' }, count: 2, action: { kind: 'delay', delayMs: 500 } })
  world.pass(330_000)
  world.vaultPaths()
  const round = world.round()
  await until(async () => world.vaultPaths().length > 0)
  must(await cluster.delete(secretObject('db', {})))
  await round
  t.strictSame(await world.values('db'), { ...good, password: 'new one' })
  t.not((await world.secret('db'))?.metadata['uid'], uid)
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test('one of another type, and one that is immutable, stay as they are', async (t) => {
  await startAnew()
  must(await patch('db', { immutable: true }, 'kubectl-edit'))
  t.ok(await hasSettled())
  t.strictSame(await world.events(), [], 'as long as nothing changes')
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  t.ok(await hasSettled())
  t.match(await world.events(), [/^SyncFailed: AKV_SECRET_IMMUTABLE: Secret db /])
  await world.annotate(annotations(sync.replace('data:', 'type: example.com/x, data:')))
  t.ok(await hasSettled())
  t.match(await world.events(), [/^SyncFailed: AKV_SECRET_TYPE: Secret db: it is of type Opaque/])
  must(await cluster.delete(secretObject('db', {})))
  await world.round()
  t.match(await world.secret('db'), { type: 'example.com/x' }, 'as its remedy says')
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test(
  'what the type’s validation refuses, and more than 1 MiB: a sentence, and the rest goes on',
  async (t) => {
    const big = Array.from({ length: 45 }, (_, i) => `k${i}=big-${i}`).join(', ')
    await startAnew('[]')
    await world.annotate(
      annotations(
        `[{ secret: pull, type: kubernetes.io/dockerconfigjson, data: ".dockerconfigjson=pull" }, { secret: big, data: "${big}" }, ${sync.slice(1)}`,
      ),
    )
    await world.round()
    t.strictSame(await world.values('db'), good)
    t.equal(await world.values('pull'), undefined)
    t.equal(await world.values('big'), undefined)
    const events = (await world.events()).join('\n')
    t.match(events, /AKV_SECRET_REFUSED: .*pull: not accepted: data\[\.dockerconfigjson\]/)
    t.match(events, /AKV_SECRET_TOO_LARGE: Secret big/)
    t.match(events, /Synced: created Secret db/)
    t.notMatch(events, /s3cr3t/)
    // One that fits beside what somebody else has added: the API server would count both.
    const small = Array.from({ length: 40 }, (_, i) => `k${i}=big-${i}`).join(', ')
    await world.annotate(annotations(`[{ secret: big, data: "${small}" }]`))
    await world.round()
    must(await patch('big', { data: { theirs: base64('x'.repeat(80_000)) } }, 'kubectl-edit'))
    await world.events()
    await world.annotate(annotations(`[{ secret: big, data: "${big}" }]`))
    await world.round()
    t.match(await world.events(), [/AKV_SECRET_TOO_LARGE: Secret big/])
    t.equal(Object.keys((await world.values('big')) ?? {}).length, 41)
  },
)

t.test('in a namespace that goes away nothing can be made, and this is said', async (t) => {
  const { teamB } = world.namespaces
  const account = { namespace: teamB }
  const { metadata } = await world.annotate(annotations(sync), account)
  const finalizers = (names: readonly string[]) =>
    api.call({
      method: 'PATCH',
      path: `${accountsIn(teamB)}/web`,
      body: { metadata: { finalizers: names } },
      contentType: 'application/merge-patch+json',
    })
  must(await finalizers(['example.com/held']))
  must(await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: teamB } }))
  const nextMs = await world.round(account)
  t.ok(nextMs !== undefined && nextMs > 0)
  t.ok(metadata['uid'])
  const failures = /failures_total\{code="AKV_CLUSTER_FORBIDDEN"\} 1/
  t.match(await world.options.metrics.text(), failures)
  must(await finalizers([]))
})
