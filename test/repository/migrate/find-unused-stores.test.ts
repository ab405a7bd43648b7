import t from 'tap'
import { stringify } from 'yaml'
import { viewsByFolder } from '../../../repository/input/environments/folder-views.ts'
import { findNamedObjects } from '../../../repository/input/objects/find-objects.ts'
import { parseManifests } from '../../../repository/input/read-manifests.ts'
import { findUnusedStores } from '../../../repository/migrate/plan/find-unused-stores.ts'

const object = (kind: string, name: string, spec: object = {}, namespace = 'shop') => ({
  apiVersion: 'external-secrets.io/v1',
  kind,
  metadata: { name, namespace },
  spec,
})
const user = (name: string, store: string, namespace?: string) =>
  object('ExternalSecret', name, { secretStoreRef: { name: store } }, namespace)

/** What becomes of each store if the ExternalSecrets of these names are removed. */
function decisions(objects: readonly object[], ...removed: readonly string[]) {
  const text = objects.map((object) => stringify(object)).join('---\n')
  const found = parseManifests(text, 'test', { command: 'migrate' }).flatMap((manifest) =>
    findNamedObjects(manifest, 'default'),
  )
  const leaving = found.filter(
    ({ kind, name }) => kind === 'ExternalSecret' && removed.includes(name),
  )
  const files = { objects: found, viewOf: viewsByFolder(found) }
  return findUnusedStores(files, new Set(leaving)).map((decision) =>
    decision.kind === 'removed'
      ? `${decision.store.title} removed`
      : `${decision.store.title}: ${decision.reason}`,
  )
}

t.test('a store is removed with the last ExternalSecret that uses it', async (t) => {
  const objects = [object('SecretStore', 'kv'), user('a', 'kv'), user('b', 'kv')]
  t.strictSame(decisions(objects, 'a', 'b'), ['SecretStore/kv removed'])
  t.strictSame(decisions(objects, 'a'), ['SecretStore/kv: ExternalSecret/b still needs it'])
  t.strictSame(decisions(objects), ['SecretStore/kv: ExternalSecret/b still needs it'])
})

t.test('a store that nothing uses stays, because others may use it', async (t) => {
  t.strictSame(decisions([object('SecretStore', 'kv'), user('a', 'other')], 'a'), [
    'SecretStore/kv: no ExternalSecret of these files uses it',
  ])
})

t.test('a SecretStore is for its namespace, a ClusterSecretStore for all', async (t) => {
  const objects = [
    object('SecretStore', 'kv'),
    object('SecretStore', 'kv', {}, 'stock'),
    object('ClusterSecretStore', 'kv'),
    user('a', 'kv'),
    user('b', 'kv', 'stock'),
  ]
  t.strictSame(decisions(objects, 'a'), [
    'SecretStore/kv removed',
    'SecretStore/kv: ExternalSecret/b still needs it',
    'ClusterSecretStore/kv: ExternalSecret/b still needs it',
  ])
})

t.test('only the store that is named is removed, not another of that name', async (t) => {
  const cluster = { name: 'kv', kind: 'ClusterSecretStore' }
  const other = object('ClusterSecretStore', 'kv')
  const data = [{ secretKey: 'db', remoteRef: { key: 'db' } }]
  const named = [
    [user('a', 'kv'), ['SecretStore/kv removed', 'ClusterSecretStore/kv: ']],
    [
      object('ExternalSecret', 'a', { secretStoreRef: cluster }),
      ['SecretStore/kv: ', 'ClusterSecretStore/kv removed'],
    ],
  ] as const
  for (const [external, expected] of named)
    t.match(decisions([object('SecretStore', 'kv'), other, external], 'a'), [...expected])
  const keyed = object('ExternalSecret', 'a', { secretStoreRef: { name: 'kv' }, data })
  const stores = [object('SecretStore', 'kv'), object('SecretStore', 'db')]
  t.match(decisions([...stores, keyed], 'a'), ['SecretStore/kv removed', 'SecretStore/db: '])
})

t.test('the store of a single item counts, and so does one that another kind uses', async (t) => {
  const sourceRef = { storeRef: { name: 'kv' } }
  const item = object('ExternalSecret', 'a', { data: [{ secretKey: 'x', sourceRef }] })
  t.strictSame(decisions([object('SecretStore', 'kv'), item], 'a'), ['SecretStore/kv removed'])
  const push = object('PushSecret', 'p', { secretStoreRefs: [{ name: 'kv' }] }, 'elsewhere')
  t.strictSame(decisions([object('SecretStore', 'kv'), user('a', 'kv'), push], 'a'), [
    'SecretStore/kv: PushSecret/p still needs it',
  ])
})

t.test('any text of an object that stays may be the name of a store', async (t) => {
  const made = object('ClusterExternalSecret', 'all', {
    externalSecretSpec: { dataFrom: [{ sourceRef: { storeRef: { name: 'kv' } } }] },
  })
  t.strictSame(decisions([object('ClusterSecretStore', 'kv'), user('a', 'kv'), made], 'a'), [
    'ClusterSecretStore/kv: ClusterExternalSecret/all still needs it',
  ])
})
