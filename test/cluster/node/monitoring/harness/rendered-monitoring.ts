import { render } from '../../../../manifests/helm.ts'
import { type Manifest, readRendered } from '../../../../manifests/rendered.ts'
import type { KubeObject } from '../../../client/api.ts'
import { teamRoles } from '../../../sync/harness/team-roles.ts'
import type { Cloud } from '../../harness/install-with-vault.ts'

/** The chart's objects for monitoring and Secret sync. */
export interface RenderedMonitoring {
  /** What kubectl can apply without the kinds of the Prometheus operator. */
  readonly objects: readonly KubeObject[]
  readonly monitors: readonly Manifest[]
  /** The content of the rule file. */
  readonly rules: { readonly groups: readonly Manifest[] }
  readonly dashboard: Manifest
}

/**
 * Renders the chart with all that `metrics` can install, and with Secret sync for the account `web` of a namespace.
 *
 * @param interval - of scrapes
 */
export function renderMonitoring(options: {
  readonly azure: Cloud
  readonly namespace: string
  readonly interval: string
}): RenderedMonitoring {
  const { azure, namespace, interval } = options
  const { ok, text, problem } = render({
    only: ['templates/sync/*', 'templates/metrics/*'],
    values: {
      cloud: {
        name: 'custom',
        authorityHost: azure.url,
        vaultUrl: `${azure.url}/{vault}`,
        ca: azure.caPem,
      },
      sync: { enabled: true },
      metrics: {
        podMonitor: { enabled: true, interval },
        serviceMonitor: { enabled: true, interval },
        prometheusRule: { enabled: true },
        dashboard: { enabled: true },
      },
    },
  })
  if (!ok) throw new Error(problem)
  const { objects, find } = readRendered(text)
  const isOfOperator = ({ apiVersion }: Manifest) => apiVersion === 'monitoring.coreos.com/v1'
  return {
    objects: [
      ...objects.filter((object) => !isOfOperator(object)),
      ...teamRoles(namespace, ['web']),
    ],
    monitors: [find('PodMonitor'), find('ServiceMonitor')],
    rules: find('PrometheusRule').spec,
    dashboard: JSON.parse(find('ConfigMap', 'akv-injector-dashboard').data['akv-injector.json']),
  }
}
