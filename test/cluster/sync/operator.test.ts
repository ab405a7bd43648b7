import t from 'tap'
import { identity } from '../../sync/harness/external-secret-simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { base64 } from './harness/account-testbed.ts'
import { fieldManager } from './harness/sync-account.ts'
import { openSyncTestbed } from './harness/sync-testbed.ts'

/**
 * Tests ExternalSecrets beside the External Secrets Operator, whose part the test plays. The controller's clock stays the
 * machine's: it would wait where a clock goes back. Instead, the operator's writes get an older time.
 */
const testbed = await openSyncTestbed(t, { readsSources: true })
const { api, cluster, azure, namespace, options } = testbed
const group = 'external-secrets.io'
const plurals = { ExternalSecret: 'externalsecrets', SecretStore: 'secretstores' } as const
const pathOf = (kind: keyof typeof plurals, name = '') =>
  `/apis/${group}/v1/namespaces/${namespace}/${plurals[kind]}/${name}`
const minuteMs = 60_000
const manager = 'external-secrets'
const apply = async (kind: keyof typeof plurals, name: string, spec: object) =>
  expectSuccess(
    await cluster.apply({ apiVersion: `${group}/v1`, kind, metadata: { name, namespace }, spec }),
  ).body
const applyExternalSecret = (name: string) =>
  apply('ExternalSecret', name, {
    refreshInterval: '10m',
    secretStoreRef: { name: 'kv' },
    data: [{ secretKey: 'password', remoteRef: { key: 'db-password' } }],
  })

const operator = {
  /** Writes a status as controller-runtime does. */
  async writeStatus(kind: keyof typeof plurals, name: string, reason: string) {
    const lastTransitionTime = '2026-01-01T00:00:00Z'
    const message = 'of the operator'
    const ready = { type: 'Ready', status: 'True', reason, message, lastTransitionTime }
    return expectSuccess(
      await api.call({
        method: 'PATCH',
        path: `${pathOf(kind, name)}/status`,
        body: { status: { conditions: [ready], refreshTime: new Date() } },
        contentType: 'application/merge-patch+json',
        query: { fieldManager: manager },
      }),
    )
  },
  /** Makes its last write so many minutes older. The API server takes that over, if the object changes besides. */
  async fallSilent(name: string, minutes: number) {
    const body = await read(name)
    const time = `${new Date(Date.now() - minutes * minuteMs).toISOString().slice(0, 19)}Z`
    const entries = body.metadata['managedFields'] as readonly { readonly manager: string }[]
    const managedFields = entries.map((entry) =>
      entry.manager === manager ? { ...entry, time } : entry,
    )
    const labels = { 'silent-minutes': String(minutes) }
    const metadata = { ...body.metadata, managedFields, labels }
    const path = pathOf('ExternalSecret', name)
    expectSuccess(await api.call({ method: 'PUT', path, body: { ...body, metadata } }))
  },
  async createSecret({ metadata }: KubeObject) {
    const { name = '', uid } = metadata
    const owner = { apiVersion: `${group}/v1`, kind: 'ExternalSecret', name, uid, controller: true }
    const labels = { 'reconcile.external-secrets.io/managed': 'true' }
    return expectSuccess(
      await cluster.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace, labels, ownerReferences: [owner] },
        data: { password: base64('of the operator') },
      }),
    )
  },
}

const read = async (name: string, kind: keyof typeof plurals = 'ExternalSecret') =>
  expectSuccess(await api.call({ method: 'GET', path: pathOf(kind, name) })).body
const readyOf = ({ status }: Readonly<Record<string, unknown>>) =>
  (status as { conditions?: readonly object[] } | undefined)?.conditions?.[0]
const isOurs = ({ metadata }: KubeObject) =>
  (metadata['managedFields'] as readonly { manager: string }[]).some(
    ({ manager }) => manager === fieldManager,
  )
/** The versions of ExternalSecrets and their Secrets, which change with each write. */
const versions = async (...names: readonly string[]) =>
  await Promise.all(
    names.map(async (name) => [
      (await read(name)).metadata['resourceVersion'],
      await testbed.version(name),
    ]),
  )

t.before(async () => {
  for (const kind of ['ExternalSecret', 'SecretStore'] as const)
    await until(async () => (await api.call({ method: 'GET', path: pathOf(kind) })).status === 200)
  await testbed.annotate(identity)
  const vaultUrl = azure.vaultUrl.replace('{vault}', 'team-a')
  await apply('SecretStore', 'kv', { provider: { azurekv: { vaultUrl } } })
})

/** Runs rounds that ask the vault for everything. Resolves with whether they have left these objects as they were. */
async function leavesAlone(...names: readonly string[]): Promise<boolean> {
  const before = JSON.stringify(await versions(...names))
  for (let i = 0; i < 2; i++) {
    testbed.restart()
    await testbed.round()
  }
  return JSON.stringify(await versions(...names)) === before
}
const rotate = (value: string) => azure.rotate({ vault: 'team-a', name: 'db-password', value })

t.test('if sync and the operator begin at once, neither writes the other’s Secret', async (t) => {
  await operator.createSecret(await applyExternalSecret('theirs'))
  await applyExternalSecret('ours')
  await testbed.round()
  t.strictSame(await testbed.values('ours'), { password: 'correct horse' })
  t.strictSame(await testbed.values('theirs'), { password: 'of the operator' })
  t.match(readyOf(await read('theirs')), { status: 'False', message: /^AKV_SECRET_FOREIGN: / })
  for (const name of ['ours', 'theirs'])
    await operator.writeStatus('ExternalSecret', name, 'SecretSynced')
  rotate('second')
  t.ok(await leavesAlone('ours', 'theirs'), 'no two writers of a status')
})

t.test('sync leaves alone what the operator keeps, and what it hasn’t seen yet', async (t) => {
  await operator.writeStatus('SecretStore', 'kv', 'Valid')
  await operator.createSecret(await applyExternalSecret('kept'))
  await operator.writeStatus('ExternalSecret', 'kept', 'SecretSynced')
  t.ok(await leavesAlone('kept'))
  t.match((await testbed.events()).join('\n'), /kept: is managed by external-secrets, which wrote/)

  const created = await applyExternalSecret('new')
  await testbed.round()
  t.equal(await testbed.secret('new'), undefined)
  t.equal((await read('new'))['status'], undefined)
  await operator.createSecret(created)
  await operator.writeStatus('ExternalSecret', 'new', 'SecretSynced')
  t.ok(await leavesAlone('kept', 'new'))
  t.notOk(isOurs(await read('kept')))
  t.notOk(isOurs(await read('new')))
})

t.test('the operator falls silent: what is handed over is ours, and nothing else', async (t) => {
  const patched = await api.call({
    method: 'PATCH',
    path: `/api/v1/namespaces/${namespace}/secrets/kept`,
    body: { metadata: { annotations: { 'akv-injector.io/adopt': 'true' } } },
    contentType: 'application/merge-patch+json',
  })
  expectSuccess(patched)
  for (const name of ['kept', 'new']) await operator.fallSilent(name, 15)
  t.ok(await leavesAlone('kept', 'new'), 'within two intervals')
  for (const name of ['kept', 'new']) await operator.fallSilent(name, 21)
  await testbed.round()
  t.strictSame(await testbed.values('kept'), { password: 'second' })
  t.match(readyOf(await read('kept')), { status: 'True', reason: 'SecretSynced' })
  t.ok(isOurs(await read('kept')))
  t.strictSame(await testbed.values('new'), { password: 'of the operator' })
  t.match(readyOf(await read('new')), { status: 'False', message: /^AKV_SECRET_FOREIGN: / })
})

t.test('the operator comes back, and goes again', async (t) => {
  await operator.writeStatus('ExternalSecret', 'kept', 'SecretSynced')
  rotate('third')
  t.ok(await leavesAlone('kept'))
  await operator.fallSilent('kept', 22)
  await testbed.round()
  t.strictSame(await testbed.values('kept'), { password: 'third' })
})

t.test(
  'a controller that ends between a Secret and its status finishes after a restart',
  async (t) => {
    for (const name of ['ours', 'theirs', 'kept', 'new']) await operator.fallSilent(name, 30)
    await applyExternalSecret('late')
    const { writeReadyStatus } = options.cluster
    const ended = new Error('the process ends')
    Object.assign(options.cluster, { writeReadyStatus: () => Promise.reject(ended) })
    await testbed.round()
    Object.assign(options.cluster, { writeReadyStatus })
    t.equal((await read('late'))['status'], undefined)
    const version = await testbed.version('late')
    t.ok(version)
    testbed.restart()
    await testbed.round()
    t.equal(await testbed.version('late'), version)
    t.match(readyOf(await read('late')), { status: 'True', reason: 'SecretSynced' })
    const before = await versions('late')
    testbed.restart()
    await testbed.round()
    t.strictSame(await versions('late'), before, 'another restart writes nothing')
  },
)
