import t from 'tap'
import type { KubeObject } from '../client/api.ts'
import { expectSuccess } from '../client/expect-success.ts'
import {
  accountsIn,
  deniedBy,
  fieldManager,
  forceApply,
  openSyncAccount,
} from './harness/sync-account.ts'

/** Tests that the sync controller can change one annotation of an enabled ServiceAccount, and nothing else. */
const { cluster, api, controller, namespaces } = await openSyncAccount(t)
const path = `${accountsIn(namespaces.teamA)}/web`
const key = 'akv-injector.io/sync-status'

const patch = (body: object, contentType = 'application/merge-patch+json') =>
  controller.call({ method: 'PATCH', path, body, contentType, query: { fieldManager } })
const account = async () =>
  expectSuccess(await api.call({ method: 'GET', path })).body as KubeObject

/** The account before each test, as somebody else wrote it. */
const written = {
  metadata: {
    annotations: { 'azure.workload.identity/client-id': 'web', a: 'b' },
    labels: { app: 'web' },
    finalizers: ['example.com/held'],
  },
  imagePullSecrets: [{ name: 'pull' }],
}
const byAdministrator = (body: object) =>
  api.call({
    method: 'PATCH',
    path,
    body,
    contentType: 'application/merge-patch+json',
    query: { fieldManager: 'administrator' },
  })

t.before(async () => {
  // Server-side apply, so that the API server records the manager of each field.
  const { metadata, ...fields } = written
  expectSuccess(
    await api.call({
      method: 'PATCH',
      path,
      contentType: 'application/apply-patch+yaml',
      body: {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'web', ...metadata },
        ...fields,
      },
      query: { fieldManager: 'administrator', force: 'true' },
    }),
  )
})
t.teardown(async () => {
  await byAdministrator({ metadata: { finalizers: [] } })
})

t.test('the sync controller sets, changes and removes the status', async (t) => {
  for (const status of ['db: ready', `db: ${'x'.repeat(4092)}`, null]) {
    const { status: code, body } = await patch({ metadata: { annotations: { [key]: status } } })
    t.equal(code, 200, body.message ?? '')
    const { annotations } = (await account()).metadata
    t.equal((annotations as Record<string, string>)[key], status ?? undefined)
  }
})

t.test('the sync controller replaces a status that somebody else wrote', async (t) => {
  expectSuccess(await byAdministrator({ metadata: { annotations: { [key]: 'a lie' } } }))
  const { status, body } = await patch({ metadata: { annotations: { [key]: 'db: ready' } } })
  t.equal(status, 200, body.message ?? '')
})

const merges: Readonly<Record<string, object>> = {
  'another annotation': { metadata: { annotations: { [key]: 'x', a: 'c' } } },
  'a long status': { metadata: { annotations: { [key]: 'x'.repeat(4097) } } },
  'a label less': { metadata: { labels: null } },
  'a finalizer': { metadata: { finalizers: [] } },
  'no image pull secrets': { imagePullSecrets: null },
  'the automount': { automountServiceAccountToken: false },
}
for (const [what, body] of Object.entries(merges))
  t.test(`the sync controller can’t change ${what}`, async (t) => {
    const before = await account()
    const { status, body: answer } = await patch(body)
    t.equal(status, 422, answer.message ?? '')
    t.match(answer.message, deniedBy('accounts'))
    t.strictSame(await account(), before)
  })

t.test('the sync controller can’t take over fields from other managers', async (t) => {
  const before = await account()
  const entries = before.metadata['managedFields'] as readonly { readonly manager: string }[]
  const place = entries.findIndex(({ manager }) => manager === 'administrator')
  t.ok(place >= 0, JSON.stringify(entries.map(({ manager }) => manager)))
  const entry = `/metadata/managedFields/${place}`
  const jsonPatch = 'application/json-patch+json'
  for (const answer of [
    await patch([{ op: 'remove', path: entry }], jsonPatch),
    await patch([{ op: 'replace', path: `${entry}/manager`, value: fieldManager }], jsonPatch),
    await patch([{ op: 'remove', path: `${entry}/fieldsV1/f:metadata/f:labels` }], jsonPatch),
    await patch({ metadata: { managedFields: [{}] } }),
  ]) {
    t.equal(answer.status, 422, answer.body.message ?? '')
    t.match(answer.body.message, deniedBy('accounts'))
  }
  t.strictSame(await account(), before)
})

t.test('server-side apply doesn’t let it do more', async (t) => {
  const applied = (fields: object) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'web', annotations: { [key]: 'db: ready' } },
    ...fields,
  })
  const apply = (body: object) => forceApply(controller, path, body)
  t.equal((await apply(applied({}))).status, 200)
  const { status, body } = await apply(applied({ imagePullSecrets: [{ name: 'mine' }] }))
  t.equal(status, 422)
  t.match(body.message, deniedBy('accounts'))
})

t.test('other users can still change accounts', async (t) => {
  expectSuccess(await byAdministrator({ metadata: { labels: { app: 'other' } } }))
  t.ok(cluster)
})
