import { type JsonObject, objectsAt, valueAt } from '../../../lib/shape.ts'
import { agentName, metricsPortName } from '../../../webhook/core/model/our-names.ts'
import { type CheckResult, passed, warned } from '../model/check-result.ts'
import type { ClusterFacts } from '../model/cluster-facts.ts'
import type { Install } from '../model/find-install.ts'
import { nameOf, namespaceOf, textAt } from '../model/objects.ts'

type MonitoringFacts = Pick<
  ClusterFacts,
  'podMonitors' | 'serviceMonitors' | 'rules' | 'pods' | 'seesAllPods'
>

/** Checks the objects for the Prometheus operator: whether the metrics that the alerts need are scraped. */
export function checkMonitoring(facts: MonitoringFacts, install: Install): readonly CheckResult[] {
  const { podMonitors, serviceMonitors, rules, pods, seesAllPods } = facts
  if (podMonitors === undefined || serviceMonitors === undefined || rules === undefined) return []
  const has = (objects: readonly JsonObject[]) => objects.some((one) => isOurs(one, install))
  const [watchesAgents, watchesServices, hasAlerts] = [podMonitors, serviceMonitors, rules].map(has)
  if (!watchesAgents && !watchesServices && !hasAlerts)
    return [
      passed(
        'no monitors of the Prometheus operator are installed',
        'metrics.podMonitor, metrics.serviceMonitor and metrics.prometheusRule of the chart install them (docs/operate.md, "Alerts")',
      ),
    ]
  return [
    ...(hasAlerts && !watchesServices
      ? [
          warned(
            'the alerts are installed, but no ServiceMonitor for the webhook and the controllers',
            'set metrics.serviceMonitor.enabled of the chart, unless something else scrapes them',
          ),
        ]
      : []),
    ...(hasAlerts && !watchesAgents
      ? [
          warned(
            'the alerts are installed, but no PodMonitor for agents, so nothing tells of stale pods',
            'set metrics.podMonitor.enabled of the chart, unless something else scrapes agents',
          ),
        ]
      : []),
    ...(watchesAgents && install.isKnown && seesAllPods && !servesMetrics(install, pods)
      ? [
          warned(
            'a PodMonitor watches agents, but no agent serves metrics',
            'set agent.metricsPort of the chart, or akv-injector.io/metrics on pods (docs/operate.md, "Metrics of agents")',
          ),
        ]
      : []),
    passed(
      `installed: ${[
        watchesAgents ? 'PodMonitor' : [],
        watchesServices ? 'ServiceMonitor' : [],
        hasAlerts ? 'PrometheusRule' : [],
      ]
        .flat()
        .join(', ')}`,
    ),
  ]
}

const isOurs = (object: JsonObject, { namespace }: Install): boolean =>
  nameOf(object).startsWith('akv-injector') &&
  (namespace === undefined || namespaceOf(object) === namespace)

function servesMetrics(
  { components: { webhook } }: Install,
  pods: readonly JsonObject[] = [],
): boolean {
  const port = webhook?.env['AKV_INJECTOR_AGENT_METRICS'] ?? '0'
  return port !== '0' || pods.some(hasMetricsPort)
}

const hasMetricsPort = (pod: JsonObject): boolean =>
  valueAt(pod, 'metadata', 'annotations', 'akv-injector.io/metrics') !== undefined ||
  objectsAt(pod, 'spec', 'initContainers').some(
    (container) =>
      textAt(container, 'name') === agentName &&
      objectsAt(container, 'ports').some((port) => textAt(port, 'name') === metricsPortName),
  )
