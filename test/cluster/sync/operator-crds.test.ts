import t, { type Test } from 'tap'
import { skipped } from '../../support/needs/without.ts'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { webId } from '../../sync/harness/simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { applyCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { findOperatorCrds } from '../parts/find-operator-crds.ts'
import { startOwnCluster } from './harness/own-cluster.ts'
import { syncProgram } from './harness/sync-program.ts'

/**
 * ExternalSecrets in the shapes of the operator's documentation and end-to-end tests, on an API server that has the operator's own
 * CRDs, which fill in defaults, drop what they don't know and check statuses.
 */
const { CLUSTER_AUDIT_LOG } = process.env
const crds = await findOperatorCrds('external-secrets', { env: process.env })
const skip =
  (!CLUSTER_AUDIT_LOG && 'needs an API server of its own') ||
  (crds.kind === 'invalid' && skipped('go', crds.problem))
const namespace = 'default'
const apiVersion = 'external-secrets.io/v1'
const vaultData = `
tenantId: ${tenantId}
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: 'system:serviceaccount:${namespace}:web' }] }
vaults:
  team-a:
    readers: [${webId}]
    secrets:
      rotated: first
      gone: value
      left: value
      json: '{"db":{"user":"u","pass word":"p"},"n":1}'
      e2e-find-one: { versions: [{ value: one, tags: { environment: prod, application: shop } }] }
      e2e-find-two: { versions: [{ value: two, tags: { environment: prod, application: other } }] }
      dev-credentials: '{"user":"dev"}'
      prod-credentials: '{"password":"of prod"}'
`
const find = (regexp: string) => ({ find: { name: { regexp } } })
const rewrite = (...operations: readonly object[]) => ({ rewrite: operations })
const one = (key: string, more = {}) => ({
  data: [{ secretKey: 'value', remoteRef: { key, ...more } }],
})

/** The spec and the keys of each Secret. */
const shapes: Readonly<Record<string, readonly [object, Readonly<Record<string, string>>]>> = {
  'by-name': [{ dataFrom: [find('^e2e-find')] }, { 'e2e-find-one': 'one', 'e2e-find-two': 'two' }],
  'by-tags': [
    { dataFrom: [{ find: { tags: { environment: 'prod', application: 'shop' } } }] },
    { 'e2e-find-one': 'one' },
  ],
  'by-path': [
    { dataFrom: [{ find: { path: 'ignored', name: { regexp: 'find-two' } } }] },
    { 'e2e-find-two': 'two' },
  ],
  regexp: [
    {
      dataFrom: [
        {
          ...find('e2e-find-.+'),
          ...rewrite({ regexp: { source: 'e2e-find-(.*)', target: 'is_$1' } }),
        },
      ],
    },
    { is_one: 'one', is_two: 'two' },
  ],
  transform: [
    {
      dataFrom: [
        {
          ...find('e2e-find'),
          ...rewrite({ transform: { template: 'ENV_{{ .value | upper | replace "-" "_" }}' } }),
        },
      ],
    },
    { ENV_E2E_FIND_ONE: 'one', ENV_E2E_FIND_TWO: 'two' },
  ],
  merge: [
    { dataFrom: [{ ...find('.*-credentials'), ...rewrite({ merge: {} }) }] },
    { user: 'dev', password: 'of prod' },
  ],
  extract: [
    { dataFrom: [{ extract: { key: 'json', property: 'db', conversionStrategy: 'Unicode' } }] },
    { user: 'u', pass_U0020_word: 'p' },
  ],
  tag: [
    one('e2e-find-one', { metadataPolicy: 'Fetch', property: 'application' }),
    { value: 'shop' },
  ],
  templated: [
    {
      target: { template: { mergePolicy: 'Merge', data: { line: 'v={{ .value | upper }}' } } },
      ...one('left'),
    },
    { value: 'value', line: 'v=VALUE' },
  ],
}

const often = { refreshInterval: '10s' }
const both = {
  data: ['gone', 'left'].map((key) => ({ secretKey: key, remoteRef: { key } })),
}
/** Secrets of `rotated`, and of what goes. */
const timed: typeof shapes = {
  often: [{ ...often, ...one('rotated') }, { value: 'first' }],
  hourly: [{ refreshInterval: '1h', ...one('rotated') }, { value: 'first' }],
  zero: [{ refreshInterval: '0s', ...one('rotated') }, { value: 'first' }],
  once: [{ ...often, refreshPolicy: 'CreatedOnce', ...one('rotated') }, { value: 'first' }],
  changed: [{ ...often, refreshPolicy: 'OnChange', ...one('rotated') }, { value: 'first' }],
  merged: [
    { ...often, target: { deletionPolicy: 'Merge' }, ...both },
    { gone: 'value', left: 'value' },
  ],
  deleted: [{ ...often, target: { deletionPolicy: 'Delete' }, ...one('gone') }, { value: 'value' }],
}

/** The emulated cloud is none of those that a store can name, and the CRD of a store has a default. */
const withoutCloud = (crd: KubeObject): KubeObject =>
  JSON.parse(
    JSON.stringify(crd, (key, value) =>
      key === 'environmentType' ? { ...value, default: undefined } : value,
    ),
  )

async function open(t: Test) {
  const { cluster, azure, enableSync } = await startOwnCluster(t, vaultData)
  if (crds.kind === 'valid') await applyCrds(cluster, crds.value.map(withoutCloud))
  const at = (kind: string, name: string, version = apiVersion): KubeObject => ({
    apiVersion: version,
    kind,
    metadata: { name, namespace },
  })
  const apply = async (object: KubeObject, more: object) =>
    expectSuccess(await cluster.apply({ ...object, ...more }))
  const annotations = {
    'azure.workload.identity/client-id': webId,
    'azure.workload.identity/tenant-id': tenantId,
  }
  await apply(at('ServiceAccount', 'web', 'v1'), {
    metadata: { name: 'web', namespace, annotations },
  })
  await apply(at('SecretStore', 'kv'), {
    spec: {
      provider: {
        azurekv: {
          authType: 'WorkloadIdentity',
          vaultUrl: `${azure.url}/team-a`,
          serviceAccountRef: { name: 'web' },
        },
      },
    },
  })
  const kubeconfigFile = await enableSync(namespace, ['web'])
  const values = async (name: string) => {
    const { status, body } = await cluster.get(at('Secret', name, 'v1'))
    if (status === 404) return undefined
    const data = Object.entries((body['data'] ?? {}) as Readonly<Record<string, string>>)
    return Object.fromEntries(
      data.map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
    )
  }
  interface Status {
    readonly refreshTime?: string
    readonly conditions?: readonly Readonly<Record<string, string>>[]
  }
  return {
    cluster,
    at,
    values,
    start: await syncProgram(t, { kubeconfigFile, cloud: azure, externalSecrets: true }),
    applyAll: async (all: typeof shapes) => {
      for (const [name, [spec]] of Object.entries(all))
        await apply(at('ExternalSecret', name), {
          spec: { secretStoreRef: { kind: 'SecretStore', name: 'kv' }, ...spec },
        })
    },
    statusOf: async (name: string): Promise<Status> =>
      (await cluster.get(at('ExternalSecret', name))).body['status'] ?? {},
    control: async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' }
      const options = {
        method: 'POST',
        headers,
        body: JSON.stringify({ vault: 'team-a', ...body }),
      }
      if (!(await fetch(`${azure.controlUrl}${path}`, options)).ok) throw new Error(path)
    },
  }
}

/** More than an interval of 30 s, on a busy machine. */
const withinMs = 150_000

t.test('ExternalSecrets with the operator’s own CRDs', { skip }, async (t) => {
  const { cluster, at, values, start, applyAll, statusOf, control } = await open(t)
  const all = { ...shapes, ...timed }
  await applyAll(all)
  let program = await start()
  const ready = async (name: string) =>
    (await statusOf(name)).conditions?.find(({ type }) => type === 'Ready')

  await t.test('each shape gives its keys', async (t) => {
    for (const [name, [, expected]] of Object.entries(all)) {
      await until(async () => (await ready(name))?.['status'] === 'True', withinMs)
      t.strictSame(await values(name), expected, name)
      t.match(await ready(name), {
        reason: 'SecretSynced',
        message: new RegExp(`^Secret ${name} was synced; read as ServiceAccount web`),
      })
    }
    t.match(await ready('often'), { message: /10s is below the minimum/ })
    t.match(await ready('by-path'), { message: /path/ })
  })

  const resting = ['hourly', 'zero', 'once', 'changed']
  const refreshTimes = async () =>
    await Promise.all(resting.map(async (name) => (await statusOf(name)).refreshTime))
  await t.test('a restart fetches what is due, and nothing else', async (t) => {
    const before = await refreshTimes()
    await control('/rotate', { name: 'rotated', value: 'second' })
    await control('/set', { name: 'gone', deleted: true })
    t.equal(await program.end('SIGKILL'), null)
    program = await start()
    await until(async () => (await values('often'))?.['value'] === 'second', withinMs)
    await until(async () => (await values('deleted')) === undefined, withinMs)
    await until(async () => (await values('merged'))?.['gone'] === undefined, withinMs)
    t.strictSame(await values('merged'), { left: 'value' })
    await until(async () => (await ready('deleted'))?.['reason'] === 'SecretDeleted', withinMs)
    t.match(await ready('merged'), { status: 'True' })
    for (const name of resting) t.strictSame(await values(name), { value: 'first' }, name)
    t.strictSame(await refreshTimes(), before)
  })

  await t.test('what somebody has deleted is made again', async (t) => {
    t.equal(await program.end('SIGTERM'), 0)
    for (const name of ['zero', 'once'])
      expectSuccess(await cluster.delete(at('Secret', name, 'v1')))
    program = await start()
    for (const name of ['zero', 'once'])
      await until(async () => (await values(name))?.['value'] === 'second', withinMs)
    t.strictSame(await values('hourly'), { value: 'first' })
  })

  await t.test('OnChange follows a label, and what was gone returns', async (t) => {
    await control('/set', { name: 'gone', deleted: false })
    const metadata = { name: 'changed', namespace, labels: { changed: 'yes' } }
    const { spec } = (await cluster.get(at('ExternalSecret', 'changed'))).body
    expectSuccess(
      await cluster.apply({ ...at('ExternalSecret', 'changed'), metadata, spec } as KubeObject),
    )
    await until(async () => (await values('changed'))?.['value'] === 'second', withinMs)
    await until(async () => (await values('deleted'))?.['value'] === 'value', withinMs)
    await until(async () => (await values('merged'))?.['gone'] === 'value', withinMs)
    t.strictSame(await values('hourly'), { value: 'first' })
    t.equal(await program.end('SIGTERM'), 0)
  })
})
