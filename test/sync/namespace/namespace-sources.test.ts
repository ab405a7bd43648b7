import t from 'tap'
import { createNamespaceSources } from '../../../sync/namespace/namespace-sources.ts'
import { readSeenClass } from '../../../sync/source/seen-class.ts'
import { policy } from '../../webhook/core/policy.ts'
import { classSpec, oneSecret, secretObject } from '../harness/class-example.ts'

const accounts = new Map([['web', { annotations: {} }]])

t.test(
  'costly classes are read over several calls, those that changed last at the end',
  async (t) => {
    let nowMs = 0
    const sources = createNamespaceSources({
      namespace: 'shop',
      listed: new Set(['web']),
      kinds: ['SecretProviderClass'],
      policy,
      // Each look at the clock takes 150 ms.
      clock: { now: () => (nowMs += 150) },
      onChange: () => undefined,
    })
    let version = 0
    const put = (name: string, secret = name) => {
      version += 1
      const metadata = { namespace: 'shop', name, uid: name, resourceVersion: String(version) }
      const [seen] = readSeenClass({ metadata, spec: oneSecret(secret) })
      if (seen) sources.stores.SecretProviderClass?.put(seen)
    }
    const assign = async () => {
      const { byAccount, isComplete } = await sources.assign(accounts)
      const names = byAccount.get('web')?.flatMap(({ secrets }) => secrets.map(({ name }) => name))
      return { names: names?.sort(), isComplete }
    }
    const state = (name: string) => sources.stateOf({ kind: 'SecretProviderClass', name }).kind
    for (const name of ['a', 'b', 'c']) put(name)
    t.strictSame(await assign(), { names: ['a'], isComplete: false })
    t.equal(state('c'), 'wrong', 'what it requests isn’t known yet, so its Secrets stay')
    t.strictSame(await assign(), { names: ['a', 'b'], isComplete: false })
    t.strictSame(await assign(), { names: ['a', 'b', 'c'], isComplete: true })
    t.equal(state('c'), 'present')

    for (let i = 0; i < 3; i++) put('a', `a${i}`)
    put('d')
    put('a', 'a-new')
    t.strictSame(
      await assign(),
      { names: ['a', 'b', 'c', 'd'], isComplete: false },
      'as it was before',
    )
    t.strictSame(await assign(), { names: ['a-new', 'b', 'c', 'd'], isComplete: true })
    sources.stores.SecretProviderClass?.remove('b')
    t.strictSame((await assign()).names, ['a-new', 'c', 'd'])
  },
)

t.test('a class that was refused for its size keeps its Secret', async (t) => {
  const sources = createNamespaceSources({
    namespace: 'shop',
    listed: new Set(['web']),
    kinds: ['SecretProviderClass'],
    policy,
    clock: { now: () => 0 },
    onChange: () => undefined,
  })
  const put = (name: string, { day, label }: { readonly day: number; readonly label: string }) => {
    const metadata = {
      namespace: 'shop',
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: `2026-01-0${day}T00:00:00Z`,
    }
    const spec = classSpec([
      secretObject('db', { password: 'db-password' }, { labels: { app: label } }),
    ])
    for (const seen of readSeenClass({ metadata, spec }))
      sources.stores.SecretProviderClass?.put(seen)
  }
  put('older', { day: 1, label: 'x'.repeat(64 * 1024) })
  put('younger', { day: 2, label: 'x' })
  t.match((await sources.assign(accounts)).byAccount.get('web'), [
    { ref: { name: 'older' }, problems: [/^secretObjects: found/] },
    {
      ref: { name: 'younger' },
      problems: [/^Secret db: SecretProviderClass older, which is older/],
    },
  ])
})
