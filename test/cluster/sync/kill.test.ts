import t from 'tap'
import { identity } from '../../sync/harness/external-secret-simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { syncProgram } from './harness/sync-program.ts'
import { openSyncTestbed } from './harness/sync-testbed.ts'

/** Kills and restarts the program, with the permissions of the chart. */
const testbed = await openSyncTestbed(t)
const { azure, cluster, namespace, kubeconfigFile } = testbed

const secrets = async (): Promise<readonly KubeObject[]> => {
  const all = await cluster.list({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace } })
  return all.toSorted((a, b) => (String(a.metadata.name) < String(b.metadata.name) ? -1 : 1))
}
const namesAndKeys = (all: readonly KubeObject[]) =>
  all.map(({ metadata, data }) => [metadata.name, Object.keys(data ?? {}).sort()])
const versions = (all: readonly KubeObject[]) =>
  all.map(({ metadata }) => metadata['resourceVersion'])

const apiVersion = 'external-secrets.io/v1'
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
/** Far more than it takes, also on a busy machine. */
const withinMs = 120_000
const isReady = ({ status }: KubeObject) => /"SecretSynced"/.test(JSON.stringify(status))
const made = async () =>
  (await secrets()).filter(({ metadata }) => names.includes(String(metadata.name)))
const withStatus = async () => {
  const all = await cluster.list({ apiVersion, kind: 'ExternalSecret', metadata: { namespace } })
  return all.filter(({ status }) => status !== undefined)
}

async function applyExternalSecrets(): Promise<void> {
  const vaultUrl = azure.vaultUrl.replace('{vault}', 'team-a')
  const serviceAccountRef = { name: 'web' }
  const apply = async (kind: string, name: string, spec: object) =>
    expectSuccess(await cluster.apply({ apiVersion, kind, metadata: { name, namespace }, spec }))
  await apply('SecretStore', 'kv', { provider: { azurekv: { vaultUrl, serviceAccountRef } } })
  for (const name of names)
    await apply('ExternalSecret', name, {
      secretStoreRef: { name: 'kv' },
      data: [{ secretKey: 'password', remoteRef: { key: 'db-password' } }],
    })
}

t.test('a program that is killed between Secrets and statuses finishes them later', async (t) => {
  await testbed.annotate(identity)
  await applyExternalSecrets()
  const start = await syncProgram(t, { kubeconfigFile, cloud: azure, externalSecrets: true })
  for (const written of [made, withStatus]) {
    const program = await start()
    await until(async () => (await written()).length > 0, withinMs)
    t.equal(await program.end('SIGKILL'), null)
    t.comment(`${(await made()).length} Secrets, ${(await withStatus()).length} statuses`)
  }
  const last = await start()
  await until(async () => (await withStatus()).filter(isReady).length === names.length, withinMs)
  t.equal(await last.end('SIGKILL'), null)
  const keys = names.map((name) => [name, ['password']])
  t.strictSame(namesAndKeys(await made()), keys)
  const before = [versions(await secrets()), versions(await withStatus())]

  const next = await start()
  const series = `akv_injector_sync_secrets{namespace="${namespace}",account="web",state="synced"}`
  await until(async () => (await next.metric(series)) === names.length, withinMs)
  t.equal(await next.end('SIGTERM'), 0)
  t.strictSame([versions(await secrets()), versions(await withStatus())], before)
})
