import t from 'tap'
import { metadataProblems } from '../../../requests/secret/metadata-problems.ts'
import { trustedMetadata } from '../../../requests/secret/trusted-metadata.ts'
import { policy } from '../../webhook/core/policy.ts'
import type { Answer } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import {
  accountsIn,
  deniedBy,
  fieldManager,
  openSyncAccount,
  secretsIn,
} from './harness/sync-account.ts'

/** Tests which names, labels and annotations the sync controller can give to Secrets. */
const { api, controller, namespaces } = await openSyncAccount(t)
const { teamA, teamB } = namespaces
/** In test/fixtures/sync/values.yaml, the administrator allows these in team B. */
const allowed = [
  'argocd.argoproj.io/secret-type',
  'kubed.appscode.com/sync',
  'sh.helm.release.v1.*',
]
const ours = { 'app.kubernetes.io/managed-by': 'akv-injector' }

type Texts = Readonly<Record<string, string>>
interface Metadata {
  readonly name?: string
  readonly generateName?: string
  readonly labels?: Texts
  readonly annotations?: Texts
}

const owners = new Map<string, object>()
for (const namespace of [teamA, teamB]) {
  const path = `${accountsIn(namespace)}/web`
  const { metadata } = expectSuccess(await api.call({ method: 'GET', path })).body
  const { uid } = metadata
  owners.set(namespace, { apiVersion: 'v1', kind: 'ServiceAccount', name: 'web', uid })
}

/** One of the controller's Secrets. */
const secret = (namespace: string, { labels, ...metadata }: Metadata, value = 'v') => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    ...(metadata.generateName === undefined && { name: 'db' }),
    ...metadata,
    labels: { ...labels, ...ours },
    ownerReferences: [owners.get(namespace)],
  },
  data: { key: Buffer.from(value).toString('base64') },
})
const create = (namespace: string, metadata: Metadata) =>
  controller.call({
    method: 'POST',
    path: secretsIn(namespace),
    body: secret(namespace, metadata),
    query: { fieldManager, dryRun: 'All' },
  })
const pathOf = (name = 'db') => `${secretsIn(teamA)}/${name}`
const patch = (name: string | undefined, body: object, contentType: string) =>
  controller.call({
    method: 'PATCH',
    path: pathOf(name),
    body,
    contentType,
    query: { fieldManager, ...(contentType.includes('apply') && { force: 'true' }) },
  })
/** As at each refresh. */
const apply = (metadata: Metadata, value?: string) =>
  patch(metadata.name, secret(teamA, metadata, value), 'application/apply-patch+yaml')
const byAdministrator = async (metadata: Metadata) =>
  expectSuccess(
    await api.call({ method: 'POST', path: secretsIn(teamA), body: secret(teamA, metadata) }),
  )
const remove = (name?: string) => controller.call({ method: 'DELETE', path: pathOf(name) })

/** What an entry of the list stands for. */
function metadataOf(kind: 'names' | 'labels' | 'annotations', entry: string): Metadata {
  if (kind === 'names') return { name: entry.replace('*', 'x.v1') }
  const [key = '', value = 'any'] = entry.split('=')
  return { [kind]: { [key]: value } }
}
const kinds = ['names', 'labels', 'annotations'] as const
const entries = kinds.flatMap((kind) =>
  [...trustedMetadata[kind].keys()].map((entry) => ({ entry, metadata: metadataOf(kind, entry) })),
)

t.test('the policy refuses what the controller refuses, and allows what it allows', async (t) => {
  const isDenied = ({ status, body }: Answer) => {
    if (status === 201) return false
    t.match(body.message, deniedBy('secrets'))
    t.match(body.message, 'other controllers trust')
    return true
  }
  const exceptions = { ...policy, allowedMetadata: new Map([[teamB, new Set(allowed)]]) }
  // The API server takes a while until it uses a policy that has changed.
  const allowedName = metadataOf('names', 'sh.helm.release.v1.*')
  await until(async () => (await create(teamB, allowedName)).status === 201)
  let denied = 0
  for (const { entry, metadata } of entries)
    for (const namespace of [teamA, teamB]) {
      const requested = { name: 'db', type: 'Opaque', labels: {}, ...metadata }
      const isRefused = metadataProblems([requested], { namespace, policy: exceptions }).length > 0
      t.equal(isRefused, namespace === teamA || !allowed.includes(entry), `${entry} by the code`)
      t.equal(isDenied(await create(namespace, metadata)), isRefused, `${entry} in ${namespace}`)
      denied += isRefused ? 1 : 0
    }
  t.equal(denied, 2 * entries.length - allowed.length)
  t.ok(entries.length > 60, `${entries.length} entries`)
})

t.test('a generated name and an apply count as a creation', async (t) => {
  const release = 'sh.helm.release.v1.web.v2'
  for (const answer of [
    await create(teamA, { generateName: 'sh.helm.release.v1.web.v' }),
    await apply({ name: release }),
    await apply({ name: release, labels: { owner: 'helm' } }),
  ]) {
    t.equal(answer.status, 422)
    t.match(answer.body.message, deniedBy('secrets'))
  }
})

t.test('metadata that somebody else has put on a Secret doesn’t block a refresh', async (t) => {
  await byAdministrator({})
  expectSuccess(await apply({}, '1'))
  const foreign = {
    labels: Object.fromEntries([...trustedMetadata.labels.keys()].map((entry) => entry.split('='))),
    annotations: Object.fromEntries(
      [...trustedMetadata.annotations.keys()].map((key) => [key, 'x']),
    ),
  }
  for (const [key, value] of Object.entries(foreign.labels)) foreign.labels[key] = value ?? 'x'
  // As many as the API server accepts, so that the policy's cost would be refused if it grew with them.
  for (let i = 0; i < 20_000; i++) foreign.annotations[`k${i.toString(36)}`] = ''
  expectSuccess(
    await api.call({
      method: 'PATCH',
      path: pathOf(),
      body: { metadata: foreign },
      contentType: 'application/merge-patch+json',
      query: { fieldManager: 'somebody-else' },
    }),
  )
  for (const value of ['2', '3']) {
    const { status, body } = await apply(
      { annotations: { 'akv-injector.io/synced': value } },
      value,
    )
    t.equal(status, 200, body.message ?? '')
    t.match(body['data'], { key: Buffer.from(value).toString('base64') })
  }
  expectSuccess(await remove())
})
