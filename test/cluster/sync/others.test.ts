import t from 'tap'
import { annotations } from '../../sync/harness/simulation.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { base64, good, openAccountTestbed, sync } from './harness/account-testbed.ts'

/** Tests rounds of sync: the content of Secrets, and Secrets that others write to. */
const testbed = await openAccountTestbed(t)
const { azure, cluster, namespace, object, patch, reset, isStable } = testbed

t.test('fields that `kubectl apply` adds stay, and neither side reverts the other', async (t) => {
  await reset()
  // As kubectl does by default: the applied configuration is an annotation, and the change a patch.
  const configuration = JSON.stringify({ data: { theirs: base64('x') } })
  const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': configuration }
  const added = {
    metadata: { annotations: lastApplied, labels: { team: 'a' } },
    data: { theirs: base64('x') },
  }
  expectSuccess(await patch('db', added, 'kubectl-client-side-apply'))
  t.ok(await isStable())
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new one' })
  testbed.pass(330_000)
  await testbed.round()
  t.strictSame(await testbed.values('db'), { ...good, password: 'new one', theirs: 'x' })
  const { labels, annotations: found } = (await testbed.secret('db'))?.metadata ?? {}
  t.match(labels, { team: 'a' })
  t.match(found, lastApplied)
  azure.rotate({ vault: 'team-a', name: 'db-password', value: 'correct horse' })
})

t.test(
  'a GitOps tool that applies its own fields repeatedly doesn’t conflict with us',
  async (t) => {
    await reset()
    const part = object('db', {
      metadata: { name: 'db', namespace, labels: { 'argocd.argoproj.io/instance': 'shop' } },
      data: { theirs: base64('x') },
    })
    const applyPart = async () => expectSuccess(await cluster.apply(part))
    await applyPart()
    const before = await testbed.version('db')
    for (let i = 0; i < 3; i++) {
      testbed.pass(330_000)
      await testbed.round()
      await applyPart()
    }
    t.equal(await testbed.version('db'), before)
    t.strictSame(await testbed.values('db'), { ...good, theirs: 'x' })
    // The tool drops its fields. They are removed, and ours stay.
    expectSuccess(await cluster.apply(object('db', { data: {} })))
    t.strictSame(await testbed.values('db'), good)
    t.ok(await isStable())
  },
)

t.test(
  'a GitOps tool that force-applies our keys keeps them, and one event names it',
  async (t) => {
    await reset()
    expectSuccess(await cluster.apply(object('db', { data: { password: base64('from git') } })))
    t.ok(await isStable(), 'nobody’s write is undone')
    t.strictSame(await testbed.values('db'), { ...good, password: 'from git' })
    t.match(await testbed.events(), [
      /^SyncFailed: AKV_SECRET_CONFLICT: .*data\.password belongs to "cluster-tests"/,
    ])
  },
)

t.test(
  'labels and keys that are no longer requested are removed, and those of other managers stay',
  async (t) => {
    await reset(sync.replace('data:', 'labels: { app: web, tier: db }, data:'))
    const labels = async () => (await testbed.secret('db'))?.metadata['labels']
    const ours = { 'app.kubernetes.io/managed-by': 'akv-injector' }
    expectSuccess(await patch('db', { metadata: { labels: { team: 'a' } } }, 'kubectl-label'))
    t.same(await labels(), { ...ours, app: 'web', tier: 'db', team: 'a' })
    await testbed.annotate(
      annotations('[{ secret: db, labels: { app: web }, data: "url=db#url" }]'),
    )
    await testbed.round()
    t.same(await labels(), { ...ours, app: 'web', team: 'a' })
    t.strictSame(await testbed.values('db'), { url: good.url })
  },
)
