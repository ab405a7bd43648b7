import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { boundedNames } from '../../lib/metrics/bounded-names.ts'
import { prometheusText } from '../../lib/metrics/prometheus-text.ts'
import { createVaultLatencies, latencyHistogram } from '../../lib/metrics/vault-latency.ts'
import { addBuildInfo } from '../../lib/server/add-build-info.ts'
import type { Account } from '../../requests/account/account.ts'
import type { SecretStep } from '../plan/secret-step.ts'
import { type RightsState, rightsStates } from '../rights/describe-rights.ts'
import { accountGauges, type EnabledAccountNames, type SecretsOf } from './account-metrics.ts'

export type WriteKind = Extract<SecretStep['kind'], 'create' | 'claim' | 'apply' | 'delete'>

/** The source of the gauges. */
interface FiguresSource {
  readonly accounts: () => EnabledAccountNames
  /** How many namespaces have each state. */
  readonly namespaceStates: () => ReadonlyMap<RightsState, number>
  readonly secretsOf: SecretsOf
  readonly queueDepth: () => number
}

const prefix = 'akv_injector_sync_'
const accountLabels = ['namespace', 'account']

/** Accounts name any vault they like, so there must be an end. Further vaults share an empty label. */
const maxVaults = 100
/** So many accounts have failures of their own. All others share an empty label. */
const maxFailing = 20_000

export type SyncMetrics = ReturnType<typeof createSyncMetrics>

/**
 * Creates the metrics of the controller. The values of labels come from fixed sets, but for the names of a bounded number
 * of accounts and vaults.
 *
 * @param isEnabled - whether an account is enabled; all others share an empty label
 */
export function createSyncMetrics(isEnabled: (namespace: string, name: string) => boolean) {
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
  const failingAccount = boundedNames(maxFailing)
  let source: Pick<FiguresSource, 'accounts' | 'secretsOf'> = {
    accounts: () => [],
    secretsOf: () => [],
  }
  return {
    /** Returns the metrics in Prometheus' text format. */
    async text(): Promise<string> {
      const gauges = await accountGauges(source.accounts(), {
        prefix,
        secretsOf: source.secretsOf,
      })
      const latency = latencyHistogram(`${prefix}vault_request_duration_seconds`, latencies.all())
      return `${await registry.metrics()}\n${prometheusText([latency])}${gauges}`
    },
    countWrite: (operation: WriteKind) => writes.inc({ operation }),
    /** Counts a round of the account in which something failed with this code. */
    countFailure(
      { namespace, name }: Pick<Account, 'namespace' | 'name'>,
      code: AkvErrorCode,
    ): void {
      const own = isEnabled(namespace, name) ? name : ''
      const [known = '', account = ''] = failingAccount(`${namespace}/${own}`).split('/')
      failures.inc({ namespace: known, account, code })
    },
    /** Counts a request to a vault with its result: `ok`, or why it failed. */
    countVaultRequest(vault: string, result: 'ok' | AkvErrorCode): void {
      requests.inc({ vault: vaultName(vault), result })
    },
    /** Records how long a request to a vault took. */
    recordVaultRequest: latencies.record,
    /** Reads the gauges from this source on each scrape. */
    watch(figures: FiguresSource): void {
      source = figures
      addQueueGauge(registers, figures.queueDepth)
      addNamespacesGauge(registers, figures.namespaceStates)
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

function addNamespacesGauge(
  registers: Registry[],
  namespaceStates: FiguresSource['namespaceStates'],
): void {
  new Gauge({
    name: `${prefix}namespaces`,
    help: 'Namespaces in which ServiceAccounts are enabled, or should be, by state',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = namespaceStates()
      for (const state of rightsStates) this.set({ state }, counts.get(state) ?? 0)
    },
  })
}
