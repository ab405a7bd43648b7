import t from 'tap'
import { annotations } from '../../sync/world.ts'
import { until } from '../client/cluster.ts'
import { must } from '../client/must.ts'
import { accountsIn } from './harness/sync-account.ts'
import { base64, good, openSyncScene, record, sync } from './harness/sync-scene.ts'

/** Whole rounds on a real API server: what comes and goes, and what the API server does not take. */
const world = await openSyncScene(t)
const { api, azure, cluster, namespace, object, patch, startAnew, hasSettled } = world

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
  must(await cluster.delete(object('db')))
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
  must(await cluster.delete(object('db')))
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
  const failures = /failures_total\{[^}]*code="AKV_CLUSTER_FORBIDDEN"\} 1/
  t.match(await world.options.metrics.text(), failures)
  must(await finalizers([]))
})
