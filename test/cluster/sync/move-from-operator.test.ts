import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { skipped } from '../../support/needs/without.ts'
import { pageCommands } from '../../support/page-commands.ts'
import { tenantId } from '../../support/servers/start-test-emulator.ts'
import { writeOwnCommand } from '../../support/write-own-command.ts'
import { webId } from '../../sync/harness/simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { deleteCrds } from '../client/crds.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { externalSecretCrds } from '../harness/install/csi-manifests.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { findParts } from '../parts/find-parts.ts'
import { startOwnCluster } from './harness/own-cluster.ts'
import { syncProgram } from './harness/sync-program.ts'

/** Pastes the commands of docs/from-external-secrets.md, with objects as the External Secrets Operator leaves them. */
const page = 'docs/from-external-secrets.md'
const root = join(import.meta.dirname, '../../..')
const namespace = 'shop'
const group = 'external-secrets.io'
const minuteMs = 60_000
const vaultData = `
tenantId: ${tenantId}
identities:
  - { clientId: ${webId}, federatedCredentials: [{ subject: 'system:serviceaccount:${namespace}:web' }] }
vaults:
  team-a: { readers: [${webId}], secrets: { db-password: of the vault } }
`

const { CLUSTER_AUDIT_LOG } = process.env
const parts = await findParts({
  env: process.env,
  log: (line) => t.comment(line),
  names: ['kubectl'],
})
const skip =
  (!CLUSTER_AUDIT_LOG && 'needs an API server of its own') ||
  (parts.kind === 'invalid' && skipped('go', parts.problem))

t.test('a namespace moves from the operator, and back', { skip }, async (t) => {
  if (parts.kind === 'invalid') return
  const { kubeconfigFile, api, cluster, azure, enableSync } = await startOwnCluster(t, vaultData)
  const { path: cwd, remove } = temporaryFolder()
  t.teardown(remove)
  writeOwnCommand(cwd)
  const env = {
    ...process.env,
    PATH: `${cwd}:${dirname(parts.value.kubectl)}:${process.env['PATH']}`,
    KUBECONFIG: kubeconfigFile,
    AKV_INJECTOR_CLOUD: 'custom',
    AKV_INJECTOR_AUTHORITY_HOST: azure.url,
    AKV_INJECTOR_VAULT_URL: `${azure.url}/{vault}`,
  }
  /** Runs the commands of a section but Helm's, and returns what they print. */
  const paste = async (heading: string) => {
    const commands = pageCommands(page, heading).filter((command) => !command.startsWith('helm '))
    const script = commands.join('\n').replaceAll(' manifests/', ` ${root}/manifests/`)
    const { stdout } = await promisify(execFile)('sh', ['-euc', script], { env, cwd })
    return stdout
  }

  const at = (object: Partial<KubeObject>, name: string): KubeObject =>
    ({ ...object, metadata: { ...object.metadata, name, namespace } }) as KubeObject
  const secret = at({ apiVersion: 'v1', kind: 'Secret' }, 'db')
  const externalSecret = at({ apiVersion: `${group}/v1`, kind: 'ExternalSecret' }, 'db')
  const apply = async (object: KubeObject) => expectSuccess(await cluster.apply(object))
  const value = async () => {
    const { body } = await cluster.get(secret)
    const data = (body['data'] ?? {}) as Readonly<Record<string, string>>
    return Buffer.from(data['password'] ?? '', 'base64').toString()
  }
  const path = `/apis/${group}/v1/namespaces/${namespace}/externalsecrets/db`
  const operator = 'external-secrets'
  const writeStatus = async () => {
    const { body } = await cluster.get(externalSecret)
    const now = `${new Date().toISOString().slice(0, 19)}Z`
    const ready = { type: 'Ready', status: 'True', reason: 'SecretSynced', message: 'synced' }
    const status = { refreshTime: now, conditions: [{ ...ready, lastTransitionTime: now }] }
    const call = {
      method: 'PUT',
      path: `${path}/status`,
      query: { fieldManager: operator },
    } as const
    expectSuccess(await api.call({ ...call, body: { ...body, status } }))
  }
  /** The API server takes over the times of other managers, if the object changes besides. */
  const backdateStatus = async () => {
    const { body } = await cluster.get(externalSecret)
    const time = `${new Date(Date.now() - 11 * minuteMs).toISOString().slice(0, 19)}Z`
    const entries = body.metadata['managedFields'] as readonly { readonly manager: string }[]
    const managedFields = entries.map((entry) =>
      entry.manager === operator ? { ...entry, time } : entry,
    )
    const metadata = { ...body.metadata, managedFields, labels: { 'is-older': 'true' } }
    expectSuccess(await api.call({ method: 'PUT', path, body: { ...body, metadata } }))
  }

  for (const crd of externalSecretCrds()) await apply(crd)
  for (const name of [namespace, 'external-secrets'])
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const labels = { app: 'external-secrets' }
  const containers = [{ name: 'operator', image: 'registry.example/operator:1' }]
  await apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'external-secrets', namespace: 'external-secrets' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  })
  const annotations = {
    'azure.workload.identity/client-id': webId,
    'azure.workload.identity/tenant-id': tenantId,
  }
  await apply(at({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { annotations } }, 'web'))
  await until(
    async () => (await api.call({ method: 'GET', path: `/apis/${group}/v1` })).status === 200,
  )
  const azurekv = {
    vaultUrl: `${azure.url}/team-a`,
    authType: 'ServicePrincipal',
    tenantId,
    authSecretRef: {
      clientId: { name: 'login', key: 'id' },
      clientSecret: { name: 'login', key: 'secret' },
    },
  }
  await apply(
    at(
      { apiVersion: `${group}/v1`, kind: 'SecretStore', spec: { provider: { azurekv } } },
      'vault',
    ),
  )
  const finalizers = ['externalsecrets.external-secrets.io/externalsecret-cleanup']
  const spec = {
    refreshInterval: '1m',
    secretStoreRef: { name: 'vault', kind: 'SecretStore' },
    target: { name: 'db', creationPolicy: 'Owner', deletionPolicy: 'Retain' },
    data: [{ secretKey: 'password', remoteRef: { key: 'db-password', decodingStrategy: 'None' } }],
  }
  const { body: created } = expectSuccess(
    await cluster.create(at({ ...externalSecret, metadata: { finalizers }, spec }, 'db')),
  )
  const { uid } = created.metadata
  const owner = {
    apiVersion: `${group}/v1`,
    kind: 'ExternalSecret',
    name: 'db',
    uid,
    controller: true,
  }
  const ofOperator = {
    ownerReferences: [owner],
    labels: { 'reconcile.external-secrets.io/managed': 'true' },
  }
  const data = { password: Buffer.from('of the operator').toString('base64') }
  expectSuccess(
    await cluster.create(at({ ...secret, metadata: ofOperator, data, type: 'Opaque' }, 'db')),
  )
  await writeStatus()

  await t.test('1 and 2: check and identity read what kubectl prints', async (t) => {
    t.match(await paste('1. Check'), /ExternalSecret\/db .*: would be synced as ServiceAccount web/)
    await paste('2. Prepare identities')
  })

  const options = { kubeconfigFile: await enableSync(namespace, ['web']), cloud: azure }
  const start = await syncProgram(t, { ...options, externalSecrets: true })
  let program = await start()
  await t.test('3: nothing happens while the operator runs', async (t) => {
    await until(async () =>
      /is managed by external-secrets, which wrote its status/.test(await paste('3. Turn it on')),
    )
    t.equal(await value(), 'of the operator')
  })

  await t.test('4 and 5: without the operator, Secret sync takes over', async (t) => {
    await paste('4. Stop the operator')
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'external-secrets', namespace: 'external-secrets' },
    }
    t.match((await cluster.get(deployment)).body, { spec: { replicas: 0 } })
    t.notMatch(await paste('5. Hand the Secrets over'), /^db /m)
    t.notOk((await cluster.get(externalSecret)).body.metadata['finalizers'])
    await backdateStatus()
    await until(async () => (await value()) === 'of the vault', 2 * minuteMs)
    t.match(await paste('5. Hand the Secrets over'), /^db /m)
    t.match((await cluster.get(secret)).body.metadata, {
      ownerReferences: [{ kind: 'ExternalSecret' }, { kind: 'ServiceAccount', name: 'web' }],
    })
    await until(async () => {
      const { status } = (await cluster.get(externalSecret)).body
      return /read as ServiceAccount web/.test(JSON.stringify(status))
    })
  })

  await t.test('6: the CRDs go, and come back with the objects', async (t) => {
    const [save = ''] = pageCommands(page, '6. Take the operator out')
    await promisify(execFile)('sh', ['-euc', save], { env, cwd })
    await deleteCrds(cluster, externalSecretCrds())
    t.equal(await value(), 'of the vault')
    const [, , ...restore] = pageCommands(page, '6. Take the operator out')
    t.equal(restore.length, 3)
    const script = restore.join('\n').replaceAll(' manifests/', ` ${root}/manifests/`)
    await promisify(execFile)('sh', ['-euc', script], { env, cwd })
    await until(async () => {
      const { status } = (await cluster.get(externalSecret)).body
      return /SecretSynced"/.test(JSON.stringify(status))
    }, 2 * minuteMs)
    t.equal(await value(), 'of the vault')
  })

  await t.test('7: the Secret stays, and nothing marks it any more', async (t) => {
    t.equal(await program.end('SIGTERM'), 0)
    const without = await syncProgram(t, options)
    program = await without()
    await paste('7. Roll back')
    t.notMatch((await cluster.get(secret)).body.metadata, { ownerReferences: [] })
    // The operator copies the label of the ExternalSecret, too.
    const labels = { ...ofOperator.labels, 'is-older': 'true' }
    t.strictSame((await cluster.get(secret)).body.metadata['labels'], labels)
    t.equal(await value(), 'of the vault')
    t.equal(await program.end('SIGTERM'), 0)
  })
})
