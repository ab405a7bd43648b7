import t from 'tap'
import type { Manifest } from '../rendered.ts'
import { isRefused } from './admission.ts'
import { readRendering } from './renderings.ts'

/** Which tokens the sync controller gets, and what it can change of ServiceAccounts. */
const manifests = readRendering('sync')
const sync = 'system:serviceaccount:akv-injector:akv-injector-sync'
const namespace = { name: 'team-a' }
const audience = 'api://AzureADTokenExchange'

const getsToken = (spec: object, user = sync) =>
  !isRefused(manifests, {
    user,
    namespace,
    operation: 'CREATE',
    resource: 'serviceaccounts/token',
    object: { spec: { audiences: [audience], expirationSeconds: 600, ...spec } },
  })

t.test('the controller gets tokens for Entra only, for ten minutes at most', async (t) => {
  t.ok(getsToken({}))
  t.ok(getsToken({ expirationSeconds: 60 }))
  const refused: readonly object[] = [
    { audiences: undefined },
    { audiences: [] },
    { audiences: [''] },
    { audiences: ['https://kubernetes.default.svc'] },
    { audiences: [audience.toLowerCase()] },
    { audiences: [audience, 'https://kubernetes.default.svc'] },
    { audiences: ['https://kubernetes.default.svc', audience] },
    { expirationSeconds: undefined },
    { expirationSeconds: 601 },
    { boundObjectRef: { apiVersion: 'v1', kind: 'Secret', name: 'x' } },
  ]
  for (const spec of refused) {
    t.notOk(getsToken(spec), JSON.stringify(spec))
    t.ok(getsToken(spec, 'system:node:a'), 'as others do')
  }
})

const status = 'akv-injector.io/sync-status'
const f = (key: string) => `f:${key}`
/** What a manager owns: the fields of an annotation. */
const manager = (name: string, key: string) => ({
  manager: name,
  fieldsV1: { [f('metadata')]: { [f('annotations')]: { [f(key)]: {} } } },
})
const others = [manager('kubectl', 'a')]
const metadata = {
  name: 'web',
  labels: { app: 'web' },
  annotations: { a: 'b', [status]: 'db: ready' },
  resourceVersion: '1',
  finalizers: ['example.com/held'],
  managedFields: [...others, manager('akv-injector-sync', status)],
}
const account = { metadata, imagePullSecrets: [{ name: 'pull' }], secrets: [] }
const annotatedWith = (annotations: object) => ({
  ...account,
  metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
})
const withMetadata = (fields: object) => ({ ...account, metadata: { ...metadata, ...fields } })
const without = (object: Manifest, key: string) => {
  const { [key]: _, ...rest } = object
  return rest
}

interface Change {
  readonly before?: Manifest
  readonly after?: Manifest
  readonly user?: string
}
const canWrite = ({ before, after, user = sync }: Change) =>
  !isRefused(manifests, {
    user,
    namespace,
    operation: before ? (after ? 'UPDATE' : 'DELETE') : 'CREATE',
    resource: 'serviceaccounts',
    oldObject: before,
    object: after,
  })

t.test('the controller sets, changes and removes its status', async (t) => {
  const none = withMetadata({ annotations: without(metadata.annotations, status) })
  const bare = { metadata: { name: 'web' } }
  const fresh = { metadata: { name: 'web', annotations: { [status]: 'x' } } }
  for (const [before, after] of [
    [account, annotatedWith({ [status]: 'db: failed' })],
    [account, annotatedWith({ [status]: 'x'.repeat(4096) })],
    [account, withMetadata({ resourceVersion: '2' })],
    [account, none],
    [none, account],
    [bare, fresh],
    [fresh, bare],
  ])
    t.ok(canWrite({ before, after }), JSON.stringify(after))
})

t.test('a status that somebody else wrote becomes the controller’s', async (t) => {
  const lie = withMetadata({ managedFields: [...others, manager('kubectl-edit', status)] })
  t.ok(canWrite({ before: lie, after: account }))
})

t.test('it changes nothing else of an account, and creates and deletes none', async (t) => {
  const refused: Readonly<Record<string, Manifest>> = {
    'another annotation': annotatedWith({ a: 'c' }),
    'the identity': annotatedWith({ 'azure.workload.identity/client-id': 'x' }),
    'an annotation less': withMetadata({ annotations: { [status]: 'x' } }),
    'a longer status': annotatedWith({ [status]: 'x'.repeat(4097) }),
    'a label': withMetadata({ labels: { app: 'x' } }),
    'no labels': { ...account, metadata: without(metadata, 'labels') },
    'an owner': withMetadata({ ownerReferences: [{ name: 'x' }] }),
    'no finalizers': withMetadata({ finalizers: [] }),
    'another’s fields': withMetadata({ managedFields: metadata.managedFields.slice(1) }),
    'another’s name': withMetadata({
      managedFields: [manager('akv-injector-sync', 'a'), metadata.managedFields[1]],
    }),
    'pull Secrets': { ...account, imagePullSecrets: [{ name: 'mine' }] },
    'no pull Secrets': without(account, 'imagePullSecrets'),
    'a field that does not exist yet': { ...account, automountServiceAccountToken: false },
  }
  for (const [what, after] of Object.entries(refused)) {
    t.notOk(canWrite({ before: account, after }), what)
    t.ok(canWrite({ before: account, after, user: 'kubernetes-admin' }), what)
  }
  t.notOk(canWrite({ after: account }))
  t.notOk(canWrite({ before: account }))
})
