import t from 'tap'
import { readSeenClass } from '../../../requests/class/seen-class.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
  type SeenWithStatus,
} from '../../../requests/external-secret/seen-external-secret.ts'
import { objectMemory } from '../../../sync/namespace/kept-objects.ts'
import { NamespaceSources } from '../../../sync/namespace/namespace-sources.ts'
import { WatchedObjects } from '../../../sync/namespace/watched-objects.ts'
import { countBlocks } from '../../support/count-steps.ts'
import { policy } from '../../webhook/core/policy.ts'
import { ampleShares } from '../harness/ample-shares.ts'
import { classSpec, oneSecret, secretObject } from '../harness/class-example.ts'
import { freeReadPace } from '../harness/free-pace.ts'

const accounts = new Map([['web', { annotations: {} }]])
const classSources = (now: () => number) =>
  new NamespaceSources({
    namespace: 'shop',
    listed: () => new Set(['web']),
    kinds: ['SecretProviderClass'],
    policy,
    memory: ampleShares(),
    clock: { now },
    serverTimeMs: Date.now,
    onChange: () => undefined,
  })

t.test(
  'costly classes are read over several calls, those that changed last at the end',
  async (t) => {
    let nowMs = 0
    // Each look at the clock takes 40 ms.
    const sources = classSources(() => (nowMs += 40))
    let version = 0
    const put = (name: string, secret = name) => {
      version += 1
      const metadata = { namespace: 'shop', name, uid: name, resourceVersion: String(version) }
      const [seen] = readSeenClass({ metadata, spec: oneSecret(secret) })
      if (seen) sources.objects.SecretProviderClass?.put(seen)
    }
    const assign = async () => {
      const isComplete = await sources.read(freeReadPace)
      const { byAccount } = sources.assign(accounts)
      const names = byAccount.get('web')?.flatMap(({ secrets }) => secrets.map(({ name }) => name))
      return { names: names?.sort(), isComplete }
    }
    const state = (name: string) => sources.states()({ kind: 'SecretProviderClass', name }).kind
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
    sources.objects.SecretProviderClass?.remove('b')
    t.strictSame((await assign()).names, ['a-new', 'c', 'd'])
  },
)

t.test('a class that was refused for its size keeps its Secret', async (t) => {
  const sources = classSources(() => 0)
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
      sources.objects.SecretProviderClass?.put(seen)
  }
  put('older', { day: 1, label: 'x'.repeat(64 * 1024) })
  put('younger', { day: 2, label: 'x' })
  await sources.read(freeReadPace)
  t.match(sources.assign(accounts).byAccount.get('web'), [
    { ref: { name: 'older' }, problems: [{ sentence: /^secretObjects: found/ }] },
    {
      ref: { name: 'younger' },
      problems: [{ sentence: /^Secret db: SecretProviderClass older, which is older/ }],
    },
  ])
})

t.test('a store is read once for all ExternalSecrets that name it', async (t) => {
  const clock = { now: () => 0 }
  const options = { plural: 'ClusterSecretStores', clock, onChange: () => undefined }
  const clusterStores = new WatchedObjects<SeenWithStatus>({
    ...options,
    memory: objectMemory(ampleShares(), { namespace: '', plural: 'x' }),
  })
  const sources = new NamespaceSources({
    ...options,
    serverTimeMs: Date.now,
    namespace: 'shop',
    listed: () => new Set(['web']),
    kinds: ['ExternalSecret'],
    clusterStores,
    policy,
    memory: ampleShares(),
  })
  const metadata = (name: string) => ({ namespace: 'shop', name, uid: name, resourceVersion: '1' })
  const vaultUrl = 'https://team-a.vault.azure.net'
  const conditions = [{ namespaceRegexes: Array.from({ length: 100 }, (_, n) => `^shop-?${n}?$`) }]
  const storeSpec = { provider: { azurekv: { vaultUrl } }, conditions }
  for (const seen of readSeenStore({ metadata: metadata('kv'), spec: storeSpec }))
    clusterStores.put(seen)
  const put = (name: string) => {
    const secretStoreRef = { kind: 'ClusterSecretStore', name: 'kv' }
    const spec = { secretStoreRef, data: [{ secretKey: 'a', remoteRef: { key: 'b' } }] }
    for (const seen of readSeenExternalSecret({ metadata: metadata(name), spec }))
      sources.objects.ExternalSecret?.put(seen)
  }
  const matches = async (count: number) => {
    for (let n = 0; n < count; n++) put(`es-${count}-${n}`)
    const blocks = await countBlocks(async () => void (await sources.read(freeReadPace)))
    const compiled = [...blocks].filter(([block]) => block.includes(' compileExpression,'))
    return Math.max(0, ...compiled.map(([, times]) => times))
  }
  t.equal(await matches(1), 100)
  t.equal(await matches(20), 0)
})

t.test('a store that changes all the time delays all its ExternalSecrets alike', async (t) => {
  let nowMs = 0
  // Each look at the clock takes 40 ms, so that each call reads one ExternalSecret.
  const options = {
    clock: { now: () => (nowMs += 40) },
    serverTimeMs: Date.now,
    onChange: () => undefined,
  }
  const sources = new NamespaceSources({
    ...options,
    serverTimeMs: Date.now,
    namespace: 'shop',
    listed: () => new Set(['web']),
    kinds: ['ExternalSecret'],
    clusterStores: new WatchedObjects<SeenWithStatus>({
      ...options,
      plural: 'x',
      memory: objectMemory(ampleShares(), { namespace: '', plural: 'x' }),
    }),
    policy,
    memory: ampleShares(),
  })
  const metadataOf = (name: string, resourceVersion: string) => ({
    metadata: { namespace: 'shop', name, uid: name, resourceVersion },
  })
  const changeStore = (version: number) => {
    const object = {
      ...metadataOf('kv', String(version)),
      spec: { provider: { azurekv: { version } } },
    }
    for (const seen of readSeenStore(object)) sources.objects.SecretStore?.put(seen)
  }
  const spec = { secretStoreRef: { name: 'kv' } }
  for (const name of ['a', 'b', 'c'])
    for (const seen of readSeenExternalSecret({ ...metadataOf(name, '1'), spec }))
      sources.objects.ExternalSecret?.put(seen)
  for (let version = 1; version <= 3; version++) {
    changeStore(version)
    t.equal(await sources.read(freeReadPace), false)
  }
  const read = sources.assign(accounts).byAccount.get('web') ?? []
  t.strictSame(read.map(({ ref }) => ref.name).sort(), ['a', 'b', 'c'])
})
