import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AkvErrorCode } from '../lib/errors/akv-error.ts'
import type { SecretStep } from './plan/secret-step.ts'
import type { Account } from './request/account.ts'

/** The labels of an account in metrics. */
export interface AccountLabels {
  readonly namespace: string
  readonly account: string
}

/** The state of one Secret. */
export interface SecretFigures extends AccountLabels {
  readonly isSynced: boolean
  /** How long it has been failing, or its refresh has been overdue; 0 if neither. */
  readonly staleSeconds: number
}

export type WriteKind = Extract<SecretStep['kind'], 'create' | 'claim' | 'apply' | 'delete'>

/**
 * The metrics of the controller. The values of labels come from fixed sets, and from the operator's list of accounts.
 */
export interface SyncMetrics {
  /** Returns the metrics in Prometheus' text format. */
  text(): Promise<string>
  countWrite(operation: WriteKind): void
  /** Counts a round of the account in which something failed with this code. */
  countFailure(account: Pick<Account, 'namespace' | 'name'>, code: AkvErrorCode): void
  /** Counts a request with its result: `ok`, or why it failed. */
  countVaultRequest(result: 'ok' | AkvErrorCode): void
  /** Reads the gauges from this source on each scrape. */
  watch(source: FiguresSource): void
}

/** The source of the gauges. */
export interface FiguresSource {
  readonly secrets: () => Iterable<SecretFigures>
  readonly queueDepth: () => number
}

type ListedAccounts = ReadonlyMap<string, ReadonlySet<string>>

const prefix = 'akv_injector_sync_'
const accountLabels = ['namespace', 'account']

/** @param accounts - the accounts that the operator has listed, by namespace; all others share an empty label */
export function createSyncMetrics(accounts: ListedAccounts): SyncMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames, registers })
  const writes = counter('writes_total', 'Writes of Secrets by operation', 'operation')
  const failures = counter(
    'failures_total',
    'Rounds in which something failed, by account and code',
    ...accountLabels,
    'code',
  )
  const requests = counter('vault_requests_total', 'Reads of vault objects by result', 'result')
  return {
    text: () => registry.metrics(),
    countWrite: (operation) => writes.inc({ operation }),
    countFailure: ({ namespace, name }, code) => {
      const isListed = accounts.get(namespace)?.has(name) === true
      failures.inc({ namespace, account: isListed ? name : '', code })
    },
    countVaultRequest: (result) => requests.inc({ result }),
    watch({ secrets, queueDepth }) {
      addSecretGauges(registers, () => groupByAccount(secrets(), accounts))
      addQueueGauge(registers, queueDepth)
    },
  }
}

interface AccountFigures {
  readonly labels: AccountLabels
  readonly secrets: readonly SecretFigures[]
}

/** Includes each listed account, so that an account without Secrets shows zeros. */
function groupByAccount(
  figures: Iterable<SecretFigures>,
  accounts: ListedAccounts,
): readonly AccountFigures[] {
  const groups = Map.groupBy(figures, ({ namespace, account }) => `${namespace}/${account}`)
  return [...accounts].flatMap(([namespace, names]) =>
    [...names].map((account) => ({
      labels: { namespace, account },
      secrets: groups.get(`${namespace}/${account}`) ?? [],
    })),
  )
}

function addSecretGauges(registers: Registry[], byAccount: () => readonly AccountFigures[]): void {
  new Gauge({
    name: `${prefix}secrets`,
    help: 'Requested Secrets by account and state',
    labelNames: [...accountLabels, 'state'],
    registers,
    collect() {
      for (const { labels, secrets } of byAccount()) {
        const synced = secrets.filter(({ isSynced }) => isSynced).length
        this.set({ ...labels, state: 'synced' }, synced)
        this.set({ ...labels, state: 'failing' }, secrets.length - synced)
      }
    },
  })
  new Gauge({
    name: `${prefix}staleness_seconds`,
    help: 'How long the worst Secret of an account has been failing, or its refresh has been overdue',
    labelNames: accountLabels,
    registers,
    collect() {
      for (const { labels, secrets } of byAccount())
        this.set({ ...labels }, Math.max(0, ...secrets.map(({ staleSeconds }) => staleSeconds)))
    },
  })
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
