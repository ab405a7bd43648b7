import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { connect } from '../client/api.ts'
import { openCluster, until } from '../client/cluster.ts'
import { publishIssuerKeys } from '../harness/publish-issuer-keys.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { type Fleet, placedSecrets, secretCount } from './bench/fleet.ts'
import { applyAccounts, createNamespaces } from './bench/install-fleet.ts'
import { serveFleet } from './bench/serve-fleet.ts'
import { followOwnRequests, type RequestCounts, writesIn } from './harness/own-requests.ts'
import { syncAccount } from './harness/sync-account.ts'
import { syncProgram } from './harness/sync-program.ts'

const { CLUSTER_AUDIT_LOG, KUBECONFIG = '' } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'the audit log of a foreign cluster is out of reach'
const [refresh, refreshMs] = ['30s', 30_000] as const

t.test(
  'many ExternalSecrets in twenty namespaces, with the chart’s permissions',
  { skip },
  async (t) => {
    const cluster = openCluster(t)
    const api = connect(KUBECONFIG)
    t.teardown(() => api.close())
    t.teardown(await publishIssuerKeys(cluster))
    const namespaces = await createNamespaces(cluster, 20)
    const fleet: Fleet = { namespaces, accountsEach: 1, secretsEach: 10, objectsEach: 2 }
    const count = secretCount(fleet)
    const { path: folder, remove } = temporaryFolder()
    t.teardown(remove)
    const options = { api, cluster, kubeconfigFile: KUBECONFIG, folder }
    const { azure, env, end } = await serveFleet(options, fleet)
    t.teardown(end)
    await applyAccounts(cluster, { ...fleet, vaultUrl: env.AKV_INJECTOR_VAULT_URL }, refresh)

    const requests = followOwnRequests(String(CLUSTER_AUDIT_LOG), syncAccount, namespaces)
    const start = await syncProgram(t, {
      kubeconfigFile: env.KUBECONFIG,
      cloud: azure,
      externalSecrets: true,
    })
    const all = async (apiVersion: string, kind: string) => {
      const lists = namespaces.map((namespace) =>
        cluster.list({ apiVersion, kind, metadata: { namespace } }),
      )
      return (await Promise.all(lists)).flat()
    }
    const secrets = async () =>
      (await all('v1', 'Secret')).filter(
        ({ metadata }) => !metadata.name?.startsWith('akv-injector'),
      )
    const externalSecrets = () => all('external-secrets.io/v1', 'ExternalSecret')
    const versions = async () =>
      [...(await all('v1', 'Secret')), ...(await externalSecrets())].map(
        ({ kind, metadata }) => `${kind} ${metadata.name} ${metadata['resourceVersion']}`,
      )
    const areReady = async () =>
      (await externalSecrets()).filter((object) =>
        /"SecretSynced"/.test(JSON.stringify(object['status'])),
      ).length === count
    const total = (counts: RequestCounts) => Object.values(counts).reduce((a, b) => a + b, 0)

    let program = await start()
    await t.test('each becomes a Secret, with a bounded number of requests', async (t) => {
      await until(areReady, 60_000)
      const found = new Map(
        (await secrets()).map(({ metadata, data }) => [
          `${metadata.namespace}/${metadata.name}`,
          data,
        ]),
      )
      t.equal(found.size, count)
      for (const { namespace, secret, object } of placedSecrets(fleet)) {
        const data = found.get(`${namespace}/${secret}`) as Readonly<Record<string, string>>
        const first = Buffer.from(data?.['key-0'] ?? '', 'base64').toString()
        t.equal(first, `value of ${object} 0 in its first version`, `${namespace}/${secret}`)
      }
      const counts = await requests()
      for (const what of ['create secrets', 'patch secrets', 'patch externalsecrets/status'])
        t.ok((counts[what] ?? 0) <= count + namespaces.length, `${what}: ${counts[what]} times`)
      t.ok(total(counts) <= 6 * count + 20 * namespaces.length, JSON.stringify(counts))
    })

    await t.test('a refresh of all writes nothing', async (t) => {
      const before = await versions()
      await requests()
      await delay(refreshMs * 1.2)
      const counts = await requests()
      t.ok((counts['get secrets'] ?? 0) >= count, 'each was looked at')
      t.strictSame(writesIn(counts), {})
      t.strictSame(await versions(), before)
    })

    await t.test('a restart writes nothing', async (t) => {
      const before = await versions()
      await program.end('SIGKILL')
      await requests()
      program = await start()
      const series = (namespace: string) =>
        `akv_injector_sync_secrets{namespace="${namespace}",account="app-0",state="synced"}`
      for (const namespace of namespaces)
        await until(async () => (await program.metric(series(namespace))) === fleet.secretsEach)
      const counts = await requests()
      t.strictSame(writesIn(counts), {})
      t.strictSame(await versions(), before)
      t.equal(await program.end('SIGTERM'), 0)
    })
  },
)
