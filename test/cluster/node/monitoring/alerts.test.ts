import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { withoutHelm } from '../../../manifests/helm.ts'
import { until } from '../../client/cluster.ts'
import { untilRolledOut } from '../harness/deployments.ts'
import { openDrills } from '../harness/explain.ts'
import { openNode } from '../harness/open-node.ts'
import { faultyVault } from '../harness/vault-data.ts'
import { dashboardQueries } from './harness/dashboard-queries.ts'
import { fastFleetOf, fleetOf } from './harness/fleet.ts'
import { intervalSeconds, openMonitoring } from './harness/open-monitoring.ts'
import { leadSeconds, recordRun } from './harness/record-run.ts'

/** Tests the chart's alerts and dashboard with a real Prometheus, which scrapes 50 pods and all components. */
const { PROMETHEUS, UPDATE_PICTURES } = process.env
const isRecording = Boolean(UPDATE_PICTURES)
if (withoutHelm || !PROMETHEUS) {
  t.plan(0, withoutHelm || 'this test needs Prometheus, which PROMETHEUS names')
  process.exit()
}
const startTimeoutMs = 360_000
const refreshTimeoutMs = 120_000
const node = openNode(t)
const explain = await openDrills(t, 'monitoring/alerts.test.ts')
const namespace = await node.namespace()
const { prometheus, rules, dashboard } = await openMonitoring(t, {
  node,
  namespace,
  program: PROMETHEUS,
})

const vault = faultyVault('alert')
const objects = { vault: 'team-a', secrets: 'db-password, web.pem=cert/web-tls' }
await node.apply(
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      namespace,
      name: 'web',
      annotations: {
        'azure.workload.identity/tenant-id': '11111111-1111-1111-1111-111111111111',
        'akv-injector.io/vault': 'team-a',
        'akv-injector.io/sync': '[{ secret: db, data: "password=db-password" }]',
      },
    },
  },
  fleetOf({ namespace, name: 'shop', replicas: 40, ...objects }),
  fleetOf({ namespace, name: 'rolled', replicas: 7, ...objects }),
  await fastFleetOf(node, {
    ...{ namespace, name: 'cut-off', replicas: 3, refreshSeconds: 10 },
    ...{ vault, secrets: 'db-password' },
  }),
)
t.teardown(() => node.clearFaults())

/** Returns the values of a label. */
async function valuesOf(
  label: string,
  expression: string,
): Promise<readonly (string | undefined)[]> {
  const series = await prometheus.query(expression)
  return series.map(({ metric }) => metric[label]).sort()
}
const alert = 'ALERTS{alertname="AkvInjectorPodStale", alertstate="firing"}'
const { expr: rule } = rules.find(({ alert }) => alert === 'AkvInjectorPodStale')
const firingPods = () => valuesOf('pod', alert)
/** Returns when the alert began to fire, for each pod: the times at which Prometheus evaluated the rule. */
async function firstFired(): Promise<ReadonlyMap<string, number>> {
  const series = await prometheus.queryAll(`timestamp(${alert})`)
  return new Map(
    series.map(({ metric, values: [first] }) => [metric['pod'] ?? '', Number(first?.[1])]),
  )
}
/**
 * Names and pods of the alerts that have fired for no reason. On a busy machine, a refresh without any fault can be late by two
 * intervals, and requests time out. Then a pod is stale, as its own log says. The webhook is slow there, as its own counts say, but
 * fails no request.
 */
async function firedForNoReason(cutOff: readonly string[] = []): Promise<readonly string[]> {
  const failed = new Set(await valuesOf('pod', 'akv_injector_agent_failures_total'))
  const fired = await prometheus.queryAll('count by (alertname, pod) (ALERTS{alertstate="firing"})')
  const unexplained: string[] = []
  for (const { metric } of fired) {
    const { alertname, pod = '' } = metric
    const isExplained =
      (alertname === 'AkvInjectorPodStale' &&
        (cutOff.includes(pod) || !failed.has(pod) || (await saysThatItFailed(pod)))) ||
      (alertname === 'AkvInjectorWebhookSlow' && (await isOnlySlow()))
    if (!isExplained) unexplained.push(`${alertname} ${pod}`)
  }
  return unexplained
}
/** Tells whether the webhook took longer than half a second for one in a hundred requests, and failed none. */
async function isOnlySlow(): Promise<boolean> {
  const [quick, all] = ['bucket{le="0.5"}', 'count'].map(
    (name) => `sum(increase(akv_injector_admission_duration_seconds_${name}[10m]))`,
  )
  const slow = await prometheus.queryAll(`${quick} < 0.99 * ${all}`)
  const failed = await prometheus.queryAll('akv_injector_admissions_total{outcome="failed"} > 0')
  return slow.length > 0 && failed.length === 0
}
/** The log of a pod that was replaced since is gone. Then the counter alone says it. */
async function saysThatItFailed(pod: string): Promise<boolean> {
  const args = ['logs', `--namespace=${namespace}`, pod, '-c', 'akv-injector']
  const log = await node.kubectl(...args).catch((error: Error) => {
    if (error.message.includes('(NotFound)')) return undefined
    throw error
  })
  return log === undefined || /"code":"AKV_/.test(log)
}
/** Waits until an alert with each of these summaries fires. A pod whose scrape fails has none for a moment. */
const untilFiring = (summaries: readonly string[]) =>
  until(async () => {
    const firing = await prometheus.firing()
    return summaries.every((summary) =>
      firing.some(({ annotations }) => annotations['summary'] === summary),
    )
  }, refreshTimeoutMs)
const untilNotFiring = (pods: readonly string[]) =>
  until(async () => {
    const firing = await firingPods()
    return !pods.some((pod) => firing.includes(pod))
  }, refreshTimeoutMs)
const agents = 'count(akv_injector_agent_staleness_seconds)'
const untilScraped = (count: number) =>
  until(async () => {
    const [series] = await prometheus.query(agents)
    return series?.values[0]?.[1] === String(count)
  }, startTimeoutMs)
const cutOffPods = async () => {
  const pods = await node.pods({ namespace, selector: 'app=cut-off', count: 3 })
  return pods.map(({ metadata }) => metadata.name ?? '').sort()
}
const aCutOffPod = async () => {
  const [pod] = await node.pods({ namespace, selector: 'app=cut-off', count: 3 })
  return pod
}

const outage = { fromSeconds: 0, untilSeconds: 0 }
/** The picture begins before the outage, and ends after the recovery. */
const showCalm = () => delay(isRecording ? leadSeconds * 1000 : 0)

t.test('Prometheus finds all pods with an agent, and all components', async (t) => {
  await untilScraped(50)
  const components = 'count by (component) (akv_injector_build_info)'
  const all = { agent: '50', certs: '1', sync: '1', webhook: '2' }
  let found: object = {}
  await until(async () => {
    const series = await prometheus.query(components)
    found = Object.fromEntries(
      series.map(({ metric, values }) => [metric['component'], values[0]?.[1]]),
    )
    return isDeepStrictEqual(found, all)
  }, startTimeoutMs).catch(() => undefined)
  t.strictSame(found, all)
})

t.test('pods that start or are replaced cause no alert', async (t) => {
  const at = `--namespace=${namespace}`
  await node.kubectl('rollout', 'restart', at, 'deployment/rolled')
  await untilRolledOut(node, { namespace, name: 'rolled' }, startTimeoutMs)
  await untilScraped(50)
  t.strictSame(await firedForNoReason(), [])
})

t.test('the alert names the three pods that are cut off from their vault', async (t) => {
  const cutOff = await cutOffPods()
  await showCalm()
  outage.fromSeconds = Date.now() / 1000
  await node.control('/faults', { match: { vault }, action: { kind: 'reset' } })
  await t.resolves(
    untilFiring(cutOff.map((pod) => `The pod ${namespace}/${pod} can't refresh its objects.`)),
  )
  t.strictSame(await firedForNoReason(cutOff), [])
  await explain(t, t.name, await aCutOffPod())
})

t.test('the alert resolves when the vault is back', async (t) => {
  await showCalm()
  outage.untilSeconds = Date.now() / 1000
  await node.clearFaults()
  await untilNotFiring(await cutOffPods())
  await explain(t, t.name, await aCutOffPod())
  await showCalm()
  if (isRecording) await recordRun({ prometheus, rule }, outage)
})

t.test('no other alert fired', async (t) => {
  const fired = await firstFired()
  const cutOff = await cutOffPods()
  for (const pod of cutOff) {
    const since = fired.get(pod)
    t.ok(since, pod)
    t.comment(
      `fired ${Math.round(Number(since) - outage.fromSeconds)} s after the vault was cut off`,
    )
  }
  t.strictSame(await firedForNoReason(cutOff), [])
})

t.test('each query of the dashboard returns data', async (t) => {
  for (const { title, expression, labels } of dashboardQueries(dashboard, { intervalSeconds })) {
    const series = await prometheus.queryAll(expression)
    const values = series.flatMap(({ values }) => values.map(([, value]) => Number(value)))
    // Prometheus computes NaN if nothing was counted. The sync controller requested its objects before the first scrape.
    const isIdle = expression.startsWith('histogram_quantile') && values.length > 0
    t.ok(values.some(Number.isFinite) || isIdle, `${title}: ${expression}`)
    for (const label of labels)
      t.ok(
        series.every(({ metric }) => metric[label] !== undefined),
        `${title}: ${label}`,
      )
  }
})
