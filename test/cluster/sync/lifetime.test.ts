import t from 'tap'
import { annotations } from '../../sync/world.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { base64, good, openAccountTestbed, record, sync } from './harness/account-testbed.ts'
import { accountsIn } from './harness/sync-account.ts'

/** Whole rounds on a real API server: what comes and goes, and what the API server does not take. */
const testbed = await openAccountTestbed(t)
const { api, azure, cluster, namespace, object, patch, reset, isStable } = testbed

t.test(
  'an entry that is taken out takes its Secret with it, also while we were away',
  async (t) => {
    const two = `${sync.slice(0, -1)}, { secret: more, data: extra }]`
    for (const restart of [() => undefined, testbed.restart]) {
      await reset(two)
      t.strictSame(await testbed.values('more'), { extra: 'more' })
      restart()
      await testbed.annotate(annotations(sync))
      await testbed.round()
      t.equal(await testbed.values('more'), undefined)
      t.strictSame(await testbed.values('db'), good)
      t.strictSame(await testbed.values(record), { secrets: 'db' })
      restart()
      await testbed.annotate({})
      await testbed.round()
      t.equal(await testbed.values('db'), undefined)
      t.equal(await testbed.values(record), undefined)
    }
  },
)

t.test('a slip in the annotation deletes nothing', async (t) => {
  await reset()
  await testbed.annotate(annotations('[{ secret: other, dat: extra }]'))
  await testbed.round()
  t.strictSame(await testbed.values('db'), good)
  t.match(await testbed.events(), [/^SyncFailed: AKV_SYNC_ANNOTATION: .*dat/])
})

t.test('a deleted account takes its Secrets with it', async (t) => {
  await reset()
  expectSuccess(await api.call({ method: 'DELETE', path: `${accountsIn(namespace)}/web` }))
  await until(async () => (await testbed.values('db')) === undefined)
  await until(async () => (await testbed.values(record)) === undefined)
  t.pass('the garbage collector has found them by their owner')
  await testbed.annotate({})
})

t.test(
  'an account that is made anew gets its Secrets anew, and the collector leaves these',
  async (t) => {
    await reset()
    const before = await testbed.secret('db')
    expectSuccess(await api.call({ method: 'DELETE', path: `${accountsIn(namespace)}/web` }))
    const { metadata } = await testbed.annotate(annotations(sync))
    for (let i = 0; i < 3; i++) await testbed.round()
    const after = await testbed.secret('db')
    t.not(after?.metadata['uid'], before?.metadata['uid'])
    t.match(after?.metadata['ownerReferences'], [{ uid: metadata['uid'] }])
    t.strictSame(await testbed.values('db'), good)
    t.ok(await isStable())
  },
)

t.test('a Secret that is deleted while its values are fetched is made anew, whole', async (t) => {
  await reset()
  const uid = (await testbed.secret('db'))?.metadata['uid']
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  azure.addFault({ match: { service: 'vault' }, count: 2, action: { kind: 'delay', delayMs: 500 } })
  testbed.pass(330_000)
  testbed.vaultPaths()
  const round = testbed.round()
  await until(async () => testbed.vaultPaths().length > 0)
  expectSuccess(await cluster.delete(object('db')))
  await round
  t.strictSame(await testbed.values('db'), { ...good, password: 'new one' })
  t.not((await testbed.secret('db'))?.metadata['uid'], uid)
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test('one of another type, and one that is immutable, stay as they are', async (t) => {
  await reset()
  expectSuccess(await patch('db', { immutable: true }, 'kubectl-edit'))
  t.ok(await isStable())
  t.strictSame(await testbed.events(), [], 'as long as nothing changes')
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  t.ok(await isStable())
  t.match(await testbed.events(), [/^SyncFailed: AKV_SECRET_IMMUTABLE: Secret db /])
  await testbed.annotate(annotations(sync.replace('data:', 'type: example.com/x, data:')))
  t.ok(await isStable())
  t.match(await testbed.events(), [/^SyncFailed: AKV_SECRET_TYPE: Secret db: it is of type Opaque/])
  expectSuccess(await cluster.delete(object('db')))
  await testbed.round()
  t.match(await testbed.secret('db'), { type: 'example.com/x' }, 'as its remedy says')
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test(
  'what the type’s validation refuses, and more than 1 MiB: a sentence, and the rest goes on',
  async (t) => {
    const big = Array.from({ length: 45 }, (_, i) => `k${i}=big-${i}`).join(', ')
    await reset('[]')
    await testbed.annotate(
      annotations(
        `[{ secret: pull, type: kubernetes.io/dockerconfigjson, data: ".dockerconfigjson=pull" }, { secret: big, data: "${big}" }, ${sync.slice(1)}`,
      ),
    )
    await testbed.round()
    t.strictSame(await testbed.values('db'), good)
    t.equal(await testbed.values('pull'), undefined)
    t.equal(await testbed.values('big'), undefined)
    const events = (await testbed.events()).join('\n')
    t.match(events, /AKV_SECRET_REFUSED: .*pull: not accepted: data\[\.dockerconfigjson\]/)
    t.match(events, /AKV_SECRET_TOO_LARGE: Secret big/)
    t.match(events, /Synced: created Secret db/)
    t.notMatch(events, /s3cr3t/)
    // One that fits beside what somebody else has added: the API server would count both.
    const small = Array.from({ length: 40 }, (_, i) => `k${i}=big-${i}`).join(', ')
    await testbed.annotate(annotations(`[{ secret: big, data: "${small}" }]`))
    await testbed.round()
    expectSuccess(
      await patch('big', { data: { theirs: base64('x'.repeat(80_000)) } }, 'kubectl-edit'),
    )
    await testbed.events()
    await testbed.annotate(annotations(`[{ secret: big, data: "${big}" }]`))
    await testbed.round()
    t.match(await testbed.events(), [/AKV_SECRET_TOO_LARGE: Secret big/])
    t.equal(Object.keys((await testbed.values('big')) ?? {}).length, 41)
  },
)

t.test('in a namespace that goes away nothing can be made, and this is said', async (t) => {
  const { teamB } = testbed.namespaces
  const account = { namespace: teamB }
  const { metadata } = await testbed.annotate(annotations(sync), account)
  const finalizers = (names: readonly string[]) =>
    api.call({
      method: 'PATCH',
      path: `${accountsIn(teamB)}/web`,
      body: { metadata: { finalizers: names } },
      contentType: 'application/merge-patch+json',
    })
  expectSuccess(await finalizers(['example.com/held']))
  expectSuccess(
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: teamB } }),
  )
  const nextMs = await testbed.round(account)
  t.ok(nextMs !== undefined && nextMs > 0)
  t.ok(metadata['uid'])
  const failures = /failures_total\{[^}]*code="AKV_CLUSTER_FORBIDDEN"\} 1/
  t.match(await testbed.options.metrics.text(), failures)
  expectSuccess(await finalizers([]))
})
