import t from 'tap'
import { until } from '../../client/cluster.ts'
import { mountPath } from '../harness/app-pod.ts'
import { podWithChangedAgent } from '../harness/changed-agent.ts'
import { agentStatus } from '../harness/containers.ts'
import { openDrills } from '../harness/explain.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'
import { faultyVault } from '../harness/vault-data.ts'

/** Tests the log while objects can't be refreshed, and after they can again. The pod keeps running. */
const node = openNode(t)
const explain = await openDrills(t, 'outages/refresh-failures.test.ts')
const namespace = await node.namespace()
const object = { name: 'db-password' }

interface Drill {
  readonly name: string
  readonly annotations?: Readonly<Record<string, string>>
  /** The log lines during the failure, and after it. */
  readonly says: RegExp
  readonly saysAfter: RegExp
  /** The content of the file during the failure, or undefined if the file is removed. */
  readonly meanwhile?: string
  begin(vault: string): Promise<unknown>
  end(vault: string): Promise<unknown>
}

const set = (change: object) => (vault: string) =>
  node.control('/set', { vault, ...object, ...change })
const fault = (action: object) => (vault: string) =>
  node.control('/faults', { match: { vault }, action })
const clearFaults = () => node.clearFaults()

const stale = (code: string) =>
  new RegExp(`could not be refreshed.*db-password.*${code}.*staleSeconds`)
const fresh = /all objects are up to date again.*staleSeconds/

const drills: readonly Drill[] = [
  {
    name: 'refresh-outage',
    says: stale('AKV_VAULT_UNAVAILABLE'),
    saysAfter: fresh,
    meanwhile: 'before',
    begin: fault({ kind: 'status', status: 503 }),
    end: clearFaults,
  },
  {
    name: 'refresh-role',
    says: stale('AKV_FORBIDDEN'),
    saysAfter: fresh,
    meanwhile: 'before',
    begin: fault({ kind: 'forbidden', innerCode: 'ForbiddenByRbac' }),
    end: clearFaults,
  },
  {
    name: 'deleted',
    says: stale('AKV_OBJECT_NOT_FOUND'),
    saysAfter: fresh,
    meanwhile: 'before',
    begin: set({ deleted: true }),
    end: set({ deleted: false }),
  },
  {
    name: 'removed',
    annotations: { 'on-deleted': 'remove' },
    says: /changed values written.*db-password/,
    saysAfter: /changed values written.*changed values written/s,
    begin: set({ deleted: true }),
    end: set({ deleted: false }),
  },
  {
    name: 'disabled',
    says: stale('AKV_OBJECT_DISABLED'),
    saysAfter: fresh,
    meanwhile: 'before',
    begin: set({ enabled: false }),
    end: set({ enabled: true }),
  },
]

const pods = await Promise.all(
  drills.map(async (drill) => ({
    drill,
    vault: faultyVault(drill.name),
    pod: await podWithChangedAgent(node, {
      namespace,
      name: drill.name,
      annotations: {
        vault: faultyVault(drill.name),
        secrets: 'db-password, other',
        refresh: '30s',
        ...drill.annotations,
      },
      // An annotation can't ask for less than half a minute.
      config: () => ({ refreshSeconds: 2 }),
    }),
  })),
)
type Pod = (typeof pods)[number]['pod']

const read = (pod: Pod) =>
  node.exec(pod, 'app', 'sh', '-c', `cat ${mountPath}/db-password 2>&- || true`)
const log = (pod: Pod) => node.logs(pod, 'akv-injector')
const untilLogged = (pod: Pod, words: RegExp) =>
  until(async () => words.test(await log(pod)), podTimeoutMs)

await node.apply(...pods.map(({ pod }) => pod))
t.teardown(clearFaults)
for (const { pod } of pods) await node.untilPod(pod, isRunning)

t.test('the log names the failing objects, and the pod keeps its last good files', async (t) => {
  for (const { drill, vault } of pods) await drill.begin(vault)
  for (const { drill, pod } of pods) {
    await untilLogged(pod, drill.says)
    t.equal(await read(pod), drill.meanwhile ?? '', drill.name)
    if (drill.name === 'disabled') await explain(t, t.name, pod)
  }
})

t.test('after the failure, the log says so, and the files are up to date', async (t) => {
  for (const { drill, vault } of pods) {
    await drill.end(vault)
    await node.control('/rotate', { vault, ...object, value: 'after' })
  }
  for (const { drill, pod } of pods) {
    await until(async () => (await read(pod)) === 'after', podTimeoutMs)
    await untilLogged(pod, drill.saysAfter)
    t.equal(agentStatus(await node.untilPod(pod, isRunning))?.restartCount, 0, drill.name)
    if (drill.name === 'disabled') await explain(t, t.name, pod)
  }
})
