import t from 'tap'
import { annotations } from '../../sync/harness/simulation.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { base64, good, openAccountTestbed, record, sync } from './harness/account-testbed.ts'
import { accountsIn } from './harness/sync-account.ts'

/** Tests rounds of sync: the lifetime of Secrets, and Secrets that the API server refuses. */
const testbed = await openAccountTestbed(t)
const { api, azure, cluster, namespace, object, patch, reset, isStable } = testbed

t.test('the Secrets of a deleted account are deleted', async (t) => {
  await reset()
  expectSuccess(await api.call({ method: 'DELETE', path: `${accountsIn(namespace)}/web` }))
  await until(async () => (await testbed.values('db')) === undefined)
  await until(async () => (await testbed.values(record)) === undefined)
  t.pass('the garbage collector has found them by their owner')
  await testbed.annotate({})
})

t.test('a recreated account gets new Secrets, which the garbage collector keeps', async (t) => {
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
})

t.test('a Secret of another type and an immutable Secret are left unchanged', async (t) => {
  await reset()
  expectSuccess(await patch('db', { immutable: true }, 'kubectl-edit'))
  t.ok(await isStable())
  t.strictSame(await testbed.events(), [], 'as long as nothing changes')
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  t.ok(await isStable())
  t.match(await testbed.events(), [/^SyncFailed: AKV_SECRET_IMMUTABLE: Secret db /])
  await testbed.annotate(annotations(sync.replace('data:', 'type: example.com/x, data:')))
  t.ok(await isStable())
  t.match(await testbed.events(), [/^SyncFailed: AKV_SECRET_TYPE: Secret db: its type is Opaque/])
  expectSuccess(await cluster.delete(object('db')))
  await testbed.round()
  t.match(await testbed.secret('db'), { type: 'example.com/x' }, 'as its remedy says')
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test(
  'a Secret that is invalid for its type or larger than 1 MiB fails with an event, and the others are synced',
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
    t.match(events, /AKV_SYNC_VALUES: .*Secret pull: its keys can't be made of the values/)
    t.match(events, /AKV_SYNC_VALUES: .*Secret big: its keys can't be made of the values/)
    t.match(events, /Synced: created Secret db/)
    t.notMatch(events, /s3cr3t/)
    // The API server counts the data of other managers, too.
    const small = Array.from({ length: 40 }, (_, i) => `k${i}=big-${i}`).join(', ')
    await testbed.annotate(annotations(`[{ secret: big, data: "${small}" }]`))
    await testbed.round()
    expectSuccess(
      await patch('big', { data: { theirs: base64('x'.repeat(80_000)) } }, 'kubectl-edit'),
    )
    await testbed.events()
    await testbed.annotate(annotations(`[{ secret: big, data: "${big}" }]`))
    await testbed.round()
    t.match(await testbed.events(), [/AKV_SYNC_VALUES: Secret big/])
    t.equal(Object.keys((await testbed.values('big')) ?? {}).length, 41)
  },
)

t.test('in a terminating namespace no Secret can be created, and an event says so', async (t) => {
  const { teamB } = testbed.namespaces
  const { metadata } = await testbed.annotate(annotations(sync), teamB)
  // The namespace controller deletes the contents, and the round needs the account and its permissions.
  const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${teamB}`
  const held = [
    `${accountsIn(teamB)}/web`,
    ...['roles', 'rolebindings'].map((kind) => `${roles}/${kind}/akv-injector-sync`),
  ]
  const setFinalizers = async (finalizers: readonly string[]) => {
    for (const path of held)
      expectSuccess(
        await api.call({
          method: 'PATCH',
          path,
          body: { metadata: { finalizers } },
          contentType: 'application/merge-patch+json',
        }),
      )
  }
  await setFinalizers(['example.com/held'])
  expectSuccess(
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: teamB } }),
  )
  const nextMs = await testbed.round(teamB)
  t.ok(nextMs !== undefined && nextMs > 0)
  t.ok(metadata['uid'])
  const failures = /failures_total\{[^}]*code="AKV_CLUSTER_FORBIDDEN"\} 1/
  t.match(await testbed.options.metrics.text(), failures)
  await setFinalizers([])
})
