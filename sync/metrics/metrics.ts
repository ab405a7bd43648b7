import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { boundedNames } from '../../lib/metrics/bounded-names.ts'
import { prometheusText } from '../../lib/metrics/prometheus-text.ts'
import { createVaultLatencies, latencyHistogram } from '../../lib/metrics/vault-latency.ts'
import { addBuildInfo } from '../../lib/server/add-build-info.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SecretStep } from '../plan/secret-step.ts'
import { accountGauges, type ListedAccounts, type SecretsOf } from './account-metrics.ts'

export type WriteKind = Extract<SecretStep['kind'], 'create' | 'claim' | 'apply' | 'delete'>

/** The source of the gauges. */
interface FiguresSource {
  readonly secretsOf: SecretsOf
  readonly queueDepth: () => number
}

const prefix = 'akv_injector_sync_'
const accountLabels = ['namespace', 'account']

/** Accounts name any vault they like, so there must be an end. Further vaults share an empty label. */
const maxVaults = 100

export type SyncMetrics = ReturnType<typeof createSyncMetrics>

/**
 * Creates the metrics of the controller. The values of labels come from fixed sets, and from the administrator's list of
 * accounts, but for the names of {@link maxVaults} vaults.
 *
 * @param accounts - the accounts that the administrator has listed, by namespace; all others share an empty label
 */
export function createSyncMetrics(accounts: ListedAccounts) {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  addBuildInfo(registry, 'sync')
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames, registers })
  const writes = counter('writes_total', 'Writes of Secrets by operation', 'operation')
  const failures = counter(
    'failures_total',
    'Rounds in which something failed, by account and code',
    ...accountLabels,
    'code',
  )
  const requests = counter(
    'vault_requests_total',
    'Reads of vault objects by vault and result',
    'vault',
    'result',
  )
  const vaultName = boundedNames(maxVaults)
  const latencies = createVaultLatencies(vaultName)
  let secretsOf: SecretsOf = () => []
  return {
    /** Returns the metrics in Prometheus' text format. */
    async text(): Promise<string> {
      const gauges = await accountGauges(accounts, { prefix, secretsOf })
      const latency = latencyHistogram(`${prefix}vault_request_duration_seconds`, latencies.all())
      return `${await registry.metrics()}\n${prometheusText([latency])}${gauges}`
    },
    countWrite: (operation: WriteKind) => writes.inc({ operation }),
    /** Counts a round of the account in which something failed with this code. */
    countFailure(
      { namespace, name }: Pick<Account, 'namespace' | 'name'>,
      code: AkvErrorCode,
    ): void {
      const isListed = accounts.get(namespace)?.has(name) === true
      failures.inc({ namespace, account: isListed ? name : '', code })
    },
    /** Counts a request to a vault with its result: `ok`, or why it failed. */
    countVaultRequest(vault: string, result: 'ok' | AkvErrorCode): void {
      requests.inc({ vault: vaultName(vault), result })
    },
    /** Records how long a request to a vault took. */
    recordVaultRequest: latencies.record,
    /** Reads the gauges from this source on each scrape. */
    watch(source: FiguresSource): void {
      secretsOf = source.secretsOf
      addQueueGauge(registers, source.queueDepth)
    },
  }
}

function addQueueGauge(registers: Registry[], queueDepth: () => number): void {
  new Gauge({
    name: `${prefix}queue_depth`,
    help: 'Accounts that wait for their round',
    registers,
    collect() {
      this.set(queueDepth())
    },
  })
}
