import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { annotations } from '../../sync/harness/simulation.ts'
import type { KubeObject } from '../client/api.ts'
import { until } from '../client/cluster.ts'
import { syncProgram } from './harness/sync-program.ts'
import { openSyncTestbed } from './harness/sync-testbed.ts'

/** Kills, stops and restarts the program, with the permissions of the chart. */
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

/** Two lists that share one Secret, with different keys. */
const lists = [
  '[{ secret: db, data: "password=db-password, url=db#url" }, { secret: one, data: extra }, { secret: tls, type: kubernetes.io/tls, data: tls/web }]',
  '[{ secret: db, data: "password=db-password, more=extra" }, { secret: two, data: extra }]',
] as const
const record = ['akv-injector-sync-web', ['secrets']]
const ends = [
  [
    record,
    ['db', ['password', 'url']],
    ['one', ['extra']],
    ['tls', ['ca.crt', 'tls.crt', 'tls.key']],
  ],
  [record, ['db', ['more', 'password']], ['two', ['extra']]],
]
const kills = 10

t.test(
  'a program that is killed at any moment reaches the desired state, and writes nothing twice',
  async (t) => {
    const start = await syncProgram(t, {
      accounts: `${namespace}=web+api`,
      kubeconfigFile,
      cloud: azure,
    })
    const isSynced = async (program: Awaited<ReturnType<typeof start>>, count: number) =>
      (await program.metric(
        `akv_injector_sync_secrets{namespace="${namespace}",account="web",state="synced"}`,
      )) === count
    for (let i = 0; i < kills; i++) {
      await testbed.annotate(annotations(String(lists[i % 2])))
      const program = await start()
      await delay(Math.random() * 600)
      const signal = i % 3 === 2 ? 'SIGTERM' : 'SIGKILL'
      t.equal(await program.end(signal), signal === 'SIGTERM' ? 0 : null)
      // Each Secret is either in the old or in the new state, and never in between.
      const possible = [...(ends[0] ?? []), ...(ends[1] ?? [])].map((one) => JSON.stringify(one))
      for (const [name, keys] of namesAndKeys(await secrets()))
        t.ok(possible.includes(JSON.stringify([name, keys])), `${name} has ${keys}`)
    }
    for (const [index, list] of lists.entries()) {
      await testbed.annotate(annotations(list))
      const program = await start()
      const end = ends[index] ?? []
      await until(async () => JSON.stringify(namesAndKeys(await secrets())) === JSON.stringify(end))
      await until(() => isSynced(program, end.length - 1))
      const before = versions(await secrets())
      t.equal(await program.end('SIGKILL'), null)

      const next = await start()
      await until(() => isSynced(next, end.length - 1))
      t.strictSame(versions(await secrets()), before, 'a restart changes nothing that is right')
      t.ok(Number.isNaN(await next.metric('akv_injector_sync_writes_total{operation="apply"}')))
      t.ok(await next.isReady())
      t.equal(await next.metric('akv_injector_sync_queue_depth'), 0)
      t.equal(await next.end('SIGTERM'), 0)
    }
  },
)
