import { Registry } from 'prom-client'
import { certsMetrics } from '../../../certs/metrics.ts'
import { objectKey } from '../../../delivery/projection/wanted-objects.ts'
import { startFigures } from '../../../init-agent/metrics/agent-figures.ts'
import { renderMetrics } from '../../../init-agent/metrics/render-metrics.ts'
import { startingMetrics } from '../../../init-agent/metrics/serve-starting.ts'
import { createVaultLatencies } from '../../../lib/metrics/vault-latency.ts'
import { SyncMetrics } from '../../../sync/metrics/metrics.ts'
import { RolloutMetrics } from '../../../sync/rollouts/services/rollout-metrics.ts'
import { createMetrics } from '../../../webhook/http/server/metrics.ts'
import { agentConfig, secretFile } from '../../init-agent/harness/pod.ts'
import { secretAnswer } from '../../init-agent/harness/secret-answer.ts'

/** The names of all metrics that the components serve, without the suffixes of a histogram's series. */
export async function servedMetrics(): Promise<ReadonlySet<string>> {
  const sync = new SyncMetrics(() => true)
  sync.watch({
    accounts: () => [{ namespace: 'shop', name: 'web' }],
    secretsOf: () => [],
    queueDepth: () => 0,
    namespaceStates: () => new Map(),
  })
  sync.recordVaultRequest({ vault: 'team-a', outcome: 'ok', ms: 1 })
  const ofRollouts = new Registry()
  new RolloutMetrics(ofRollouts).watch({ running: () => 0, accounts: () => 0, held: () => [] })
  const texts = [
    await ofRollouts.metrics(),
    await createMetrics().registry.metrics(),
    await sync.text(),
    certsMetrics({ atMs: 0, failures: 0, problem: undefined }, 0),
    agentMetrics(),
    startingMetrics(0),
  ]
  const types = texts.flatMap((text) => [...text.matchAll(/^# TYPE (\w+) /gm)])
  return new Set(types.map(([, name = '']) => name))
}

/** A metric without samples isn't served, so the object has both dates, and a refresh has failed. */
function agentMetrics(): string {
  const dates = { createdAtMs: 0, expiresAtMs: 1 }
  const found = [{ ...secretAnswer('x', { version: 'f'.repeat(32) }), ...dates }] as const
  const outcomes = new Map([
    [objectKey(secretFile('a').object), { kind: 'fetched', found }],
  ] as const)
  const figures = startFigures({ nowMs: 0, goodAtMs: 0, outcomes })
  const config = agentConfig({ files: [secretFile('a')], refreshSeconds: 300 })
  const latencies = createVaultLatencies((vault) => vault)
  latencies.record({ vault: 'team-a', outcome: 'ok', ms: 1 })
  return renderMetrics(
    { ...figures, failures: [{ code: 'AKV_NETWORK', vault: 'team-a', count: 1 }] },
    { config, latencies: latencies.all(), nowMs: 0, wallMs: 0 },
  )
}

/** The names of our metrics in an expression, in the same form. */
export const metricsIn = (expression: string): readonly string[] =>
  (expression.match(/\bakv_injector_\w+/g) ?? []).map((name) => name.replace(/_bucket$/, ''))
