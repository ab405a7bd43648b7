import t from 'tap'
import { until } from '../../client/cluster.ts'
import { podWithChangedAgent } from '../harness/changed-agent.ts'
import { agentStatus, killContainer } from '../harness/containers.ts'
import { isRunning, openNode, podTimeoutMs, type RunningPod } from '../harness/open-node.ts'
import { untilSaid } from '../harness/until-said.ts'
import { faultyVault } from '../harness/vault-data.ts'

/** Tests the metrics and the readiness of a pod whose vault is cut off, beside a pod whose vault isn't. */
const node = openNode(t)
const namespace = await node.namespace()
const metricsPort = 19_980

const podOf = (name: string, vault: string) =>
  podWithChangedAgent(node, {
    namespace,
    name,
    annotations: {
      vault,
      secrets: 'db-password',
      refresh: '30s',
      'stale-after': '1m',
      metrics: String(metricsPort),
    },
    // An annotation can't ask for less than half a minute.
    config: () => ({ refreshSeconds: 2, staleAfterSeconds: 6 }),
  })
type Pod = Awaited<ReturnType<typeof podOf>>

const vault = faultyVault('stale-pod')
const cutOff = await podOf('cut-off', vault)
const fine = await podOf('fine', faultyVault('fine-pod'))

async function tryToScrape(pod: Pod): Promise<string> {
  const { status } = await node.untilPod(pod, ({ status }) => status.podIP !== undefined)
  const host = status.podIP?.includes(':') ? `[${status.podIP}]` : status.podIP
  return await node.exec(pod, 'app', 'wget', '-qO-', `http://${host}:${metricsPort}/metrics`)
}
/** Scrapes until the answer matches. An agent doesn't listen while it restarts or replaces its process. */
async function untilScraped(pod: Pod, pattern: RegExp): Promise<string> {
  let text = ''
  await until(async () => {
    text = await tryToScrape(pod).catch(() => '')
    return pattern.test(text)
  }, podTimeoutMs)
  return text
}

const isReady = ({ status }: RunningPod): boolean =>
  status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

const current = /^akv_injector_agent_objects\{state="failing"\} 0$/m
const failing = /^akv_injector_agent_objects\{state="failing"\} 1$/m

await node.apply(cutOff, fine)
t.teardown(() => node.clearFaults())
for (const pod of [cutOff, fine])
  await node.untilPod(pod, (found) => isRunning(found) && isReady(found))

t.test('a pod serves its metrics, and its container declares the port', async (t) => {
  const text = await untilScraped(cutOff, current)
  t.match(
    text,
    `akv_injector_agent_object_created_timestamp_seconds{vault="${vault}",type="secret",name="db-password"}`,
  )
  const { spec } = (await node.untilPod(cutOff, isRunning)) as unknown as {
    spec: { initContainers: readonly object[] }
  }
  t.match(spec.initContainers, [
    { ports: [{ name: 'akv-metrics', containerPort: metricsPort, protocol: 'TCP' }] },
  ])
})

t.test('a pod whose vault is cut off shows it, and isn’t ready after its time', async (t) => {
  await node.control('/faults', { match: { vault }, action: { kind: 'status', status: 503 } })
  await untilScraped(cutOff, failing)
  await untilScraped(
    cutOff,
    /^akv_injector_agent_failures_total\{code="AKV_VAULT_UNAVAILABLE",vault="[^"]+"\} [1-9]/m,
  )
  await node.untilPod(cutOff, (found) => !isReady(found))
  const reason = 'Readiness probe failed: the objects have been stale'
  await untilSaid(t, () => node.describe(cutOff), reason)
  // On a busy machine, the other pod can be late for once, and is stale until its next refresh.
  await node.untilPod(fine, isReady)
  await untilScraped(fine, current)
  t.notOk(isReady(await node.untilPod(cutOff, () => true)), 'while the other pod is ready')
})

t.test('an agent that restarts meanwhile doesn’t make the pod ready', async (t) => {
  const agent = agentStatus(await node.untilPod(cutOff, (found) => !isReady(found)))
  if (!agent) throw new Error('the pod has no agent')
  await killContainer(node, agent)
  await node.untilPod(cutOff, (found) => {
    const { restartCount = 0, started } = agentStatus(found) ?? {}
    return restartCount > agent.restartCount && started === true
  })
  await untilScraped(cutOff, failing)
  t.notOk(isReady(await node.untilPod(cutOff, () => true)))
})

t.test('when the vault is back, the pod is ready again', async (t) => {
  await node.clearFaults()
  await untilScraped(cutOff, current)
  t.ok(isReady(await node.untilPod(cutOff, isReady)))
  await untilScraped(cutOff, /^akv_injector_agent_staleness_seconds 0$/m)
})
