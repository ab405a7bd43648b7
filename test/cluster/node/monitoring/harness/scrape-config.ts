import type { Manifest } from '../../../../manifests/rendered.ts'
import { escaped } from './discover-targets.ts'

/**
 * Returns the scrape configurations for a PodMonitor or ServiceMonitor, one for each endpoint, as the Prometheus operator
 * does, as far as the chart's monitors go.
 *
 * @param discoveryUrl - the URL of {@link serveDiscovery}
 */
export function scrapeConfigsOf(monitor: Manifest, discoveryUrl: string): readonly object[] {
  const { spec, metadata, kind } = monitor
  const isOfPods = kind === 'PodMonitor'
  const endpoints: readonly Manifest[] = isOfPods ? spec.podMetricsEndpoints : spec.endpoints
  const { matchNames = [] } = spec.namespaceSelector
  const paths: readonly string[] = isOfPods
    ? ['pod']
    : matchNames.map((name: string) => `endpointslice/${name}`)
  const { portLabel, relabelings } = isOfPods ? ofPods(metadata) : ofServices
  return endpoints.map(({ port, interval, honorLabels = false, relabelings: own = [] }, index) => ({
    job_name: `${kind}/${metadata.namespace}/${metadata.name}/${index}`,
    honor_labels: honorLabels,
    scrape_interval: interval,
    // Not longer than the interval.
    scrape_timeout: interval,
    http_sd_configs: paths.map((path) => ({
      url: `${discoveryUrl}/${path}`,
      refresh_interval: interval,
    })),
    relabel_configs: [
      ...selectorRelabelings(spec.selector, isOfPods ? 'pod' : 'service'),
      ...(port ? [keep(portLabel, port), { target_label: 'endpoint', replacement: port }] : []),
      copy('namespace', 'namespace'),
      copy('pod_name', 'pod'),
      copy('pod_container_name', 'container'),
      ...relabelings,
      ...own.map(ownRelabeling),
    ],
  }))
}

/** A relabeling of a monitor, as Prometheus writes it. */
const ownRelabeling = ({ sourceLabels, targetLabel, ...same }: Manifest) => ({
  ...same,
  source_labels: sourceLabels,
  ...(targetLabel && { target_label: targetLabel }),
})

const ofPods = ({ namespace, name }: Manifest) => ({
  portLabel: 'pod_container_port_name',
  relabelings: [
    {
      action: 'drop',
      source_labels: ['__meta_kubernetes_pod_phase'],
      regex: '(Failed|Succeeded)',
    },
    { target_label: 'job', replacement: `${namespace}/${name}` },
  ],
})

const ofServices = {
  portLabel: 'endpointslice_port_name',
  relabelings: [
    { source_labels: ['__meta_kubernetes_service_name'], target_label: 'service' },
    { source_labels: ['__meta_kubernetes_service_name'], target_label: 'job' },
  ],
} as const

function selectorRelabelings(selector: Manifest, object: 'pod' | 'service'): readonly object[] {
  const { matchLabels = {}, matchExpressions = [] } = selector
  const labelled = Object.entries(matchLabels).map(([label, value]) =>
    keep(`${object}_label_${escaped(label)}`, String(value)),
  )
  const present = matchExpressions.map(({ key, operator }: Manifest) => {
    if (operator !== 'Exists') throw new Error(`the operator ${operator} is not supported here`)
    return keep(`${object}_labelpresent_${escaped(key)}`, 'true')
  })
  return [...labelled, ...present]
}

const keep = (label: string, regex: string) => ({
  action: 'keep',
  source_labels: [`__meta_kubernetes_${label}`],
  regex,
})

const copy = (label: string, target: string) => ({
  source_labels: [`__meta_kubernetes_${label}`],
  target_label: target,
})
