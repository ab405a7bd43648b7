import { join } from 'node:path'
import type { Test } from 'tap'
import type { Manifest } from '../../../../manifests/rendered.ts'
import { accountKubeconfig } from '../../../client/account-kubeconfig.ts'
import { connect } from '../../../client/api.ts'
import type { OpenNode } from '../../harness/open-node.ts'
import { prometheusAccount } from './prometheus-account.ts'
import { renderMonitoring } from './rendered-monitoring.ts'
import { scrapeConfigsOf } from './scrape-config.ts'
import { serveDiscovery } from './serve-discovery.ts'
import { type Prometheus, startPrometheus } from './start-prometheus.ts'

/** How often Prometheus scrapes, and evaluates the rules. */
export const intervalSeconds = 5

export interface Monitoring {
  readonly prometheus: Prometheus
  readonly rules: readonly Manifest[]
  readonly dashboard: Manifest
}

/**
 * Installs Secret sync and what the chart's `metrics` has, and starts a Prometheus beside the cluster that scrapes what the
 * monitors select, with the chart's alerts.
 */
export async function openMonitoring(
  t: Test,
  options: { readonly node: OpenNode; readonly namespace: string; readonly program: string },
): Promise<Monitoring> {
  const { node, namespace, program } = options
  const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
  const { objects, monitors, rules, dashboard } = renderMonitoring({
    azure: await readCloud(node),
    namespace,
    interval: `${intervalSeconds}s`,
  })
  await node.apply(...objects, ...prometheusAccount(namespace))
  const folder = t.testdir({ prometheus: {} })
  const api = connect(kubeconfigFile)
  const own = await accountKubeconfig({
    ...{ api, kubeconfigFile, folder },
    account: { namespace, name: 'prometheus' },
  })
  api.close()
  const discoveryUrl = await serveDiscovery(t, own)
  const scrapeConfigs = monitors.flatMap((monitor) => scrapeConfigsOf(monitor, discoveryUrl))
  const prometheus = await startPrometheus(t, {
    ...{ program, scrapeConfigs, rules, intervalSeconds },
    folder: join(folder, 'prometheus'),
  })
  return { prometheus, rules: rules.groups.flatMap(({ rules }) => rules), dashboard }
}

/** The emulated cloud that the webhook was installed with. */
async function readCloud({ cluster, environment }: OpenNode) {
  const metadata = { namespace: 'akv-injector', name: 'akv-injector-webhook' }
  const { body } = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
  const { 'ca.crt': caPem = '' } = body['data'] as Readonly<Record<string, string>>
  return { url: environment.vault.url, caPem }
}
