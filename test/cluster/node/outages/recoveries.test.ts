import t from 'tap'
import type { AkvErrorCode } from '../../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../../lib/errors/error-table.ts'
import { slowness } from '../../../support/start-fast/end-hangs.ts'
import { until } from '../../client/cluster.ts'
import { startsFast } from '../../client/env-support.ts'
import { appPod, mountPath, sharingProcesses } from '../harness/app-pod.ts'
import { agentStatus } from '../harness/containers.ts'
import { openDrills } from '../harness/explain.ts'
import { isRunning, openNode, podTimeoutMs } from '../harness/open-node.ts'
import { faultyVault } from '../harness/vault-data.ts'

/** Tests the log and the events while the first fetch retries. The pod then starts by itself. */
const node = openNode(t)
const explain = await openDrills(t, 'outages/recoveries.test.ts')
const namespace = await node.namespace()

interface Drill {
  readonly name: string
  readonly code: AkvErrorCode
  readonly refresh: '0' | '5m'
  readonly action: object
}

const drills: readonly Drill[] = [
  {
    name: 'role',
    code: 'AKV_FORBIDDEN',
    refresh: '0',
    action: { kind: 'forbidden', innerCode: 'ForbiddenByRbac' },
  },
  {
    name: 'firewall',
    code: 'AKV_FIREWALL',
    refresh: '5m',
    action: { kind: 'forbidden', innerCode: 'ForbiddenByFirewall' },
  },
  {
    name: 'outage',
    code: 'AKV_VAULT_UNAVAILABLE',
    refresh: '0',
    action: { kind: 'status', status: 503 },
  },
  {
    name: 'network',
    code: 'AKV_NETWORK',
    refresh: '5m',
    action: { kind: 'reset' },
  },
  {
    name: 'throttling',
    code: 'AKV_THROTTLED',
    refresh: '0',
    action: { kind: 'throttle', retryAfterSeconds: 1 },
  },
]

const podOf = (options: {
  name: string
  vault: string
  refresh: string
  app?: object
  spec?: object
}) => {
  const { name, app = {}, spec = {}, ...asked } = options
  return appPod({ namespace, name, app, spec, annotations: { ...asked, secrets: 'db-password' } })
}
type Pod = ReturnType<typeof podOf>

/** Waits until the agent's log has this code, and returns the log. */
async function untilLogged(pod: Pod, code: string): Promise<string> {
  let log = ''
  await until(async () => {
    log = await node.logs(pod, 'akv-injector').catch(() => '')
    return log.includes(code)
  }, podTimeoutMs)
  return log
}

/** The event of a failed startup probe, or of a container that waits at the gate. */
const waitsInWords = startsFast
  ? /Warning +Failed .*"AKV_OBJECTS_WRITTEN" not found in file "\S+\/see-the-log-of-container-akv-injector"/
  : /Warning +Unhealthy .*Startup probe failed: not everything is written yet; the log/
const untilDescribed = (pod: Pod, words: RegExp) =>
  until(async () => words.test(await node.describe(pod)), podTimeoutMs)

async function startsWithoutRestart(t: Tap, pod: Pod, content: string | RegExp): Promise<void> {
  const running = await node.untilPod(pod, isRunning)
  t.equal(agentStatus(running)?.restartCount, 0)
  t.match(await node.exec(pod, 'app', 'cat', `${mountPath}/db-password`), content)
}
type Tap = Pick<typeof t, 'equal' | 'match'>

/** How long the startup probe waits, or the hook at the gate, before there is a Warning. */
const patienceSeconds = startsFast ? 5 : 10
/** How long the agent took until everything was written. The status has no fractions of a second, so it may be less. */
async function startSeconds(pod: Pod): Promise<number> {
  const { state } = agentStatus(await node.untilPod(pod, isRunning)) ?? {}
  const log = await node.logs(pod, 'akv-injector')
  const written = log.split('\n').find((line) => line.includes('"all files written"')) ?? '{}'
  return (Date.parse(JSON.parse(written).time) - Date.parse(state?.running?.startedAt ?? '')) / 1000
}

t.teardown(() => node.clearFaults())

t.test('a federated credential that is created while the agent tries', async (t) => {
  const pod = podOf({ name: 'federation', vault: 'team-a', refresh: '5m' })
  await node.control('/faults', {
    match: { service: 'entra' },
    action: { kind: 'entra', code: 700213 },
  })
  await node.apply(pod)
  const log = await untilLogged(pod, 'AKV_FEDERATION_MISMATCH')
  t.match(log, `system:serviceaccount:${namespace}:web`)
  t.match(log, errorTable.AKV_FEDERATION_MISMATCH.remedy)
  await node.clearFaults()
  await startsWithoutRestart(t, pod, 'correct horse battery staple')
  await explain(t, t.name, pod)
})

t.test('a slow vault delays the start of a sidecar without a warning', async (t) => {
  const vault = faultyVault('role')
  await node.control('/faults', { match: { vault }, action: { kind: 'delay', delayMs: 3_000 } })
  let pod: Pod
  let seconds: number
  let tries = 0
  // A busy machine can take longer for the rest of the start than the kubelet waits. Another pod may be luckier.
  do {
    pod = podOf({ name: `slow-${tries++}`, vault, refresh: '5m' })
    await node.apply(pod)
    await startsWithoutRestart(t, pod, 'before')
    seconds = await startSeconds(pod)
  } while (seconds >= patienceSeconds && tries < 5)
  if (seconds >= patienceSeconds)
    t.ok(slowness() > 2, `the agent took ${seconds} s, and the machine isn’t even busy`)
  else t.notMatch(await node.describe(pod), /Warning +(Unhealthy|Failed) /)
  await explain(t, t.name, pod)
  await node.clearFaults()
})

t.test(
  'a pod that is deleted during the first fetch ends long before its grace period',
  async (t) => {
    const vault = faultyVault('outage')
    await node.control('/faults', { match: { vault }, action: { kind: 'status', status: 503 } })
    const pods = [false, false, true].map((shareProcessNamespace, index) => {
      const pod = podOf({
        ...{ name: `deleted-${index}`, vault, refresh: '5m' },
        ...(shareProcessNamespace && sharingProcesses(1000)),
      })
      return { ...pod, spec: { ...pod.spec, terminationGracePeriodSeconds: 36_000 } }
    })
    await node.apply(...pods)
    for (const [index, pod] of pods.entries()) {
      // By the second event, a probe waits in the agent's container. By the first one, a hook may do so.
      await untilDescribed(pod, index === 0 ? /Normal +Started/ : waitsInWords)
      const { name } = pod.metadata
      await node.kubectl('delete', 'pod', `${name}`, `--namespace=${namespace}`, '--wait=false')
      await t.resolves(
        until(async () => (await node.cluster.get(pod)).status === 404, podTimeoutMs),
      )
    }
    await node.clearFaults()
  },
)

t.test('failures of a vault that end while the agent retries', async (t) => {
  for (const { name, action } of drills)
    await node.control('/faults', { match: { vault: faultyVault(name) }, action })
  const pods = drills.map((drill) => ({
    drill,
    pod: podOf({ name: drill.name, vault: faultyVault(drill.name), refresh: drill.refresh }),
  }))
  await node.apply(...pods.map(({ pod }) => pod))
  for (const { drill, pod } of pods) {
    const log = await untilLogged(pod, drill.code)
    t.match(log, errorTable[drill.code].remedy, drill.name)
    t.match(log, /retrying until (this is over|\d\d:\d\d:\d\d)/, drill.name)
  }
  for (const { drill, pod } of pods)
    if (drill.refresh !== '0') await untilDescribed(pod, waitsInWords)
  for (const { drill, pod } of pods)
    if (drill.code === 'AKV_FIREWALL') await explain(t, t.name, pod)
  await node.clearFaults()
  for (const { pod } of pods) await startsWithoutRestart(t, pod, 'before')
})
