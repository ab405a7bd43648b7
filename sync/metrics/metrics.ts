import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'
import { boundedNames } from '../../lib/metrics/bounded-names.ts'
import { prometheusText } from '../../lib/metrics/prometheus-text.ts'
import {
  createVaultLatencies,
  type EndedRequest,
  latencyHistogram,
} from '../../lib/metrics/vault-latency.ts'
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

const noFigures = { accounts: () => [], secretsOf: () => [] }

const prefix = 'akv_injector_sync_'
const accountLabels = ['namespace', 'account']

/** Accounts name any vault they like, so there must be an end. Further vaults share an empty label. */
const maxVaults = 100
/** So many accounts have failures of their own. All others share an empty label. */
const maxFailing = 20_000

/**
 * The metrics of the controller. The values of labels come from fixed sets, but for the names of a bounded number of accounts
 * and vaults.
 */
export class SyncMetrics {
  readonly #isEnabled: (namespace: string, name: string) => boolean
  readonly #registry = newRegistry()
  readonly #writes = this.#counter('writes_total', 'Writes of Secrets by operation', ['operation'])
  readonly #failures = this.#counter(
    'failures_total',
    'Rounds in which something failed, by account and code',
    [...accountLabels, 'code'],
  )
  readonly #requests = this.#counter(
    'vault_requests_total',
    'Reads of vault objects by vault and result',
    ['vault', 'result'],
  )
  readonly #vaultName = boundedNames(maxVaults)
  readonly #latencies = createVaultLatencies(this.#vaultName)
  readonly #failingAccount = boundedNames(maxFailing)
  #source: Pick<FiguresSource, 'accounts' | 'secretsOf'> = noFigures

  /** @param isEnabled - whether an account is enabled; all others share an empty label */
  constructor(isEnabled: (namespace: string, name: string) => boolean) {
    this.#isEnabled = isEnabled
  }

  /** Returns the metrics in Prometheus' text format. */
  async text(): Promise<string> {
    const { accounts, secretsOf } = this.#source
    const gauges = await accountGauges(accounts(), { prefix, secretsOf })
    const name = `${prefix}vault_request_duration_seconds`
    const latency = latencyHistogram(name, this.#latencies.all())
    return `${await this.#registry.metrics()}\n${prometheusText([latency])}${gauges}`
  }

  countWrite(operation: WriteKind): void {
    this.#writes.inc({ operation })
  }

  /** Counts a round of the account in which something failed with this code. */
  countFailure({ namespace, name }: Pick<Account, 'namespace' | 'name'>, code: AkvErrorCode): void {
    const own = this.#isEnabled(namespace, name) ? name : ''
    const [known = '', account = ''] = this.#failingAccount(`${namespace}/${own}`).split('/')
    this.#failures.inc({ namespace: known, account, code })
  }

  /** Counts a request to a vault with its result: `ok`, or why it failed. */
  countVaultRequest(vault: string, result: 'ok' | AkvErrorCode): void {
    this.#requests.inc({ vault: this.#vaultName(vault), result })
  }

  /** Records how long a request to a vault took. */
  recordVaultRequest(request: EndedRequest): void {
    this.#latencies.record(request)
  }

  /** Where others add metrics of the controller. */
  registry(): Registry {
    return this.#registry
  }

  /** Reads the gauges from this source on each scrape. */
  watch(figures: FiguresSource): void {
    this.#source = figures
    addQueueGauge(this.#registry, figures.queueDepth)
    addNamespacesGauge(this.#registry, figures.namespaceStates)
  }

  #counter(name: string, help: string, labelNames: readonly string[]): Counter {
    return new Counter({ name: `${prefix}${name}`, help, labelNames, registers: [this.#registry] })
  }
}

function newRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  addBuildInfo(registry, 'sync')
  return registry
}

function addQueueGauge(registry: Registry, queueDepth: () => number): void {
  new Gauge({
    name: `${prefix}queue_depth`,
    help: 'Accounts that wait for their round',
    registers: [registry],
    collect() {
      this.set(queueDepth())
    },
  })
}

function addNamespacesGauge(
  registry: Registry,
  namespaceStates: FiguresSource['namespaceStates'],
): void {
  new Gauge({
    name: `${prefix}namespaces`,
    help: 'Namespaces in which ServiceAccounts are enabled, or should be, by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const counts = namespaceStates()
      for (const state of rightsStates) this.set({ state }, counts.get(state) ?? 0)
    },
  })
}
