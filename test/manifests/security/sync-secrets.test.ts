import t from 'tap'
import { trustedMetadata } from '../../../requests/secret/trusted-metadata.ts'
import type { Manifest } from '../rendered.ts'
import { isRefused } from './admission.ts'
import { readRendering } from './renderings.ts'

/** Which Secrets the sync controller can write and delete. RBAC allows it all Secrets of a namespace. */
const owner = { apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid: 'x' }
const managed = { 'app.kubernetes.io/managed-by': 'akv-injector' }
const ours = { labels: managed, ownerReferences: [owner] }
const secret = (metadata: object = {}, fields: object = {}) => ({
  metadata: { name: 'db', ...ours, ...metadata },
  ...fields,
})
const foreign = (metadata: object = {}) => ({ metadata: { name: 'db', ...metadata } })
const adopt = (value: string) => foreign({ annotations: { 'akv-injector.io/adopt': value } })

interface Change {
  readonly before?: Manifest
  readonly after?: Manifest
  readonly namespace?: string
  readonly user?: string
}
const manifests = readRendering('sync')
const sync = 'system:serviceaccount:akv-injector:akv-injector-sync'
const canWrite = ({ before, after, namespace = 'team-a', user = sync }: Change) =>
  !isRefused(manifests, {
    user,
    operation: before ? (after ? 'UPDATE' : 'DELETE') : 'CREATE',
    resource: 'secrets',
    namespace: { name: namespace },
    oldObject: before,
    object: after,
  })

const own = secret()
const finalizers = ['example.com/held']
const notOurs: readonly Manifest[] = [
  foreign(),
  foreign({ labels: managed }),
  foreign({ ownerReferences: [owner] }),
  secret({ labels: { 'app.kubernetes.io/managed-by': 'Helm' } }),
  secret({ ownerReferences: [{ ...owner, kind: 'ConfigMap' }] }),
  secret({ ownerReferences: [{ ...owner, apiVersion: 'example.com/v1' }] }),
]

t.test('the controller creates, changes and deletes its own Secrets', async (t) => {
  t.ok(canWrite({ after: own }))
  t.ok(canWrite({ before: own, after: secret({}, { data: { a: 'eA==' } }) }))
  t.ok(canWrite({ before: own }))
  const several = secret({ ownerReferences: [{ ...owner, kind: 'ConfigMap' }, owner] })
  t.ok(canWrite({ before: own, after: several }))
})

t.test('it touches no Secret of somebody else, and leaves none that looks like one', async (t) => {
  for (const object of notOurs) {
    t.notOk(canWrite({ before: object, after: own }), JSON.stringify(object))
    t.notOk(canWrite({ before: object }))
    t.notOk(canWrite({ before: own, after: object }))
    t.notOk(canWrite({ after: object }))
  }
})

t.test('it adopts a Secret whose owner marked it, and doesn’t delete it', async (t) => {
  t.ok(canWrite({ before: adopt('true'), after: own }))
  t.notOk(canWrite({ before: adopt('true'), after: adopt('true') }), 'it must become its own')
  t.notOk(canWrite({ before: adopt('true') }))
  t.notOk(canWrite({ before: adopt('false'), after: own }))
  t.notOk(canWrite({ before: foreign(), after: secret(adopt('true').metadata) }))
})

t.test('it makes no Secret permanent, and keeps what others made permanent', async (t) => {
  const immutable = secret({}, { immutable: true })
  const held = secret({ finalizers })
  for (const object of [immutable, held]) {
    t.notOk(canWrite({ after: object }))
    t.notOk(canWrite({ before: own, after: object }))
    t.notOk(canWrite({ before: object, after: own }))
    t.ok(canWrite({ before: object, after: object }))
    t.ok(canWrite({ before: object }))
  }
})

t.test('it writes no Secret of a type that gives access to the cluster', async (t) => {
  t.ok(trustedMetadata.types.size > 2)
  for (const type of trustedMetadata.types.keys()) {
    const typed = secret({}, { type })
    t.notOk(canWrite({ after: typed }), type)
    t.notOk(canWrite({ before: typed, after: typed }))
    t.ok(canWrite({ before: typed }), 'it may delete one')
  }
  for (const type of ['Opaque', 'kubernetes.io/tls', 'helm.sh/release'])
    t.ok(canWrite({ after: secret({}, { type }) }), type)
})

t.test('it creates no Secret with a name that others trust', async (t) => {
  const entries = [...trustedMetadata.names.keys()]
  t.ok(entries.length > 5)
  const names = entries.map((entry) => entry.replace('*', 'x'))
  const canCreate = (name: string) => canWrite({ after: secret({ name }) })
  const canUpdate = (name: string) =>
    canWrite({ before: secret({ name }), after: secret({ name }) })
  t.strictSame(names.filter(canCreate), [])
  t.strictSame(names.filter(canUpdate), names, 'one that exists stays up to date')
  const others = [
    ...names.map((name) => `x-${name}`),
    ...entries.filter((entry) => !entry.endsWith('*')).map((name) => `${name}-x`),
  ]
  t.strictSame(others.filter(canCreate), others)
})

for (const kind of ['labels', 'annotations'] as const)
  t.test(`it sets no ${kind} that others trust`, async (t) => {
    const withText = (key: string, text: string) =>
      secret({ [kind]: { ...(kind === 'labels' ? managed : {}), [key]: text } })
    const entries = [...trustedMetadata[kind].keys()]
    t.ok(entries.length > 2)
    /** The entries for which the controller can make a change, from and to these values. */
    const changeable = (change: (key: string, trusted: string) => Change) =>
      entries.filter((entry) => {
        const [key = '', trusted = 'x'] = entry.split('=')
        return canWrite(change(key, trusted))
      })
    const adds = changeable((key, trusted) => ({ after: withText(key, trusted) }))
    const changes = changeable((key, trusted) => ({
      before: withText(key, 'other'),
      after: withText(key, trusted),
    }))
    t.strictSame([adds, changes], [[], []])
    // Somebody else may have set it.
    const keeps = changeable((key, trusted) => ({
      before: withText(key, trusted),
      after: withText(key, trusted),
    }))
    const removes = changeable((key, trusted) => ({ before: withText(key, trusted), after: own }))
    const others = changeable((key) => ({ after: withText(`${key}-x`, 'x') }))
    t.strictSame([keeps, removes, others], [entries, entries, entries])
    t.strictSame(
      changeable((key) => ({ after: withText(key, 'other') })),
      entries.filter((entry) => entry.includes('=')),
      'of KEY=VALUE, only that value counts',
    )
  })

t.test('what the administrator allows is allowed in that namespace only', async (t) => {
  // In test/fixtures/sync/values.yaml, for team-b.
  const allowed = [
    secret({ labels: { ...managed, 'argocd.argoproj.io/secret-type': 'cluster' } }),
    secret({ name: 'sh.helm.release.v1.x' }),
    secret({ annotations: { 'kubed.appscode.com/sync': '' } }),
  ]
  for (const after of allowed) {
    t.ok(canWrite({ after, namespace: 'team-b' }))
    t.notOk(canWrite({ after, namespace: 'team-a' }))
  }
  t.notOk(canWrite({ after: secret({ name: 'cacerts' }), namespace: 'team-b' }))
})

t.test('the rules apply to the controller in every namespace, and to nobody else', async (t) => {
  for (const namespace of ['team-b', 'kube-system', 'akv-injector'])
    t.notOk(canWrite({ after: foreign(), namespace }))
  for (const user of [
    'kubernetes-admin',
    'system:serviceaccount:team-a:akv-injector-sync',
    'system:serviceaccount:akv-injector:akv-injector-sync-2',
  ])
    t.ok(canWrite({ before: foreign(), after: secret({ finalizers }), user }), user)
})
