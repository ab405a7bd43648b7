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
/** Far more than it takes, also on a busy machine. */
const withinMs = 120_000

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
    const apply = (refresh: string) =>
      applyAccounts(cluster, { ...fleet, vaultUrl: env.AKV_INJECTOR_VAULT_URL }, refresh)
    await apply('1h')

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
    const secretVersions = async () =>
      (await all('v1', 'Secret')).map(
        ({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata['resourceVersion']}`,
      )
    const refreshTimes = async () =>
      new Map(
        (await externalSecrets()).map(({ metadata, status }) => [
          `${metadata.namespace}/${metadata.name}`,
          (status as { readonly refreshTime?: string } | undefined)?.refreshTime,
        ]),
      )
    const areReady = async () =>
      (await externalSecrets()).filter((object) =>
        /"SecretSynced"/.test(JSON.stringify(object['status'])),
      ).length === count
    // A round that fails for a moment, because the machine is busy, also says so on its account.
    const exceptAccounts = ({ 'patch serviceaccounts': _, ...others }: RequestCounts) => others
    const total = (counts: RequestCounts) => Object.values(counts).reduce((a, b) => a + b, 0)

    let program = await start()
    await t.test('each becomes a Secret, with a bounded number of requests', async (t) => {
      await until(areReady, withinMs)
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
      // A busy API server ends requests that are sent again then.
      const { answered, succeeded } = await requests()
      for (const what of ['create secrets', 'patch secrets', 'patch externalsecrets/status'])
        t.ok(
          (succeeded[what] ?? 0) <= count + 3 * namespaces.length,
          `${what}: ${succeeded[what]} times`,
        )
      t.ok(total(answered) <= 6 * count + 20 * namespaces.length, JSON.stringify(answered))
    })

    await t.test('a refresh of all writes their statuses, and nothing else', async (t) => {
      const untilRefreshed = async () => {
        const times = await refreshTimes()
        const areRefreshed = async () =>
          [...(await refreshTimes())].every(([name, time]) => time !== times.get(name))
        await until(areRefreshed, withinMs)
      }
      const before = await secretVersions()
      await requests()
      // First because the ExternalSecrets have changed, then because the interval has passed.
      await Promise.all([untilRefreshed(), apply('30s')])
      await untilRefreshed()
      const { sent, succeeded } = await requests()
      t.ok((succeeded['get secrets'] ?? 0) >= 2 * count, 'each was looked at')
      const patched = succeeded['patch serviceaccounts'] ?? 0
      t.ok(patched <= namespaces.length, `${patched} accounts`)
      t.strictSame(Object.keys(exceptAccounts(writesIn(sent))), ['patch externalsecrets/status'])
      t.strictSame(await secretVersions(), before)
    })

    await t.test('a restart writes no Secret', async (t) => {
      const before = await secretVersions()
      await program.end('SIGKILL')
      await requests()
      program = await start()
      const series = (namespace: string) =>
        `akv_injector_sync_secrets{namespace="${namespace}",account="app-0",state="synced"}`
      for (const namespace of namespaces)
        await until(async () => (await program.metric(series(namespace))) === fleet.secretsEach)
      // Some may be due by now.
      const { 'patch externalsecrets/status': _, ...others } = writesIn((await requests()).sent)
      t.strictSame(exceptAccounts(others), {})
      t.strictSame(await secretVersions(), before)
      t.equal(await program.end('SIGTERM'), 0)
    })
  },
)
