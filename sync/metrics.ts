import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AkvErrorCode } from '../lib/errors/akv-error.ts'
import type { SecretStep } from './plan/secret-step.ts'
import type { Account } from './request/account.ts'

/** An account as metrics name it. */
export interface AccountLabels {
  readonly namespace: string
  readonly account: string
}

/** The state of one Secret. */
export interface SecretFigures extends AccountLabels {
  readonly isSynced: boolean
  /** For how long it has been failing, or its refresh has been overdue. 0: neither. */
  readonly staleSeconds: number
}

export type WriteKind = Extract<SecretStep['kind'], 'create' | 'claim' | 'apply' | 'delete'>

/** What `/metrics` shows. Labels come from closed sets, and from the operator's list of accounts. */
export interface SyncMetrics {
  /** In Prometheus' text format. */
  text(): Promise<string>
  countWrite(operation: WriteKind): void
  /** A round of the account in which something failed with this code. */
  countFailure(account: Pick<Account, 'namespace' | 'name'>, code: AkvErrorCode): void
  /** `ok`, or why it failed. */
  countVaultRequest(result: 'ok' | AkvErrorCode): void
  /** Shows what the source says whenever somebody asks for the metrics. */
  watch(source: FiguresSource): void
}

/** Where the figures of the moment come from. */
export interface FiguresSource {
  readonly secrets: () => Iterable<SecretFigures>
  readonly queueDepth: () => number
}

type ListedAccounts = ReadonlyMap<string, ReadonlySet<string>>

const prefix = 'akv_injector_sync_'
const accountLabels = ['namespace', 'account']

/** @param accounts - those that the operator has listed, by namespace; others share an empty label */
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
    help: 'Secrets that an account asks for, by whether they are as they should be',
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
    help: 'For how long the worst Secret of an account has been failing, or its refresh has been overdue',
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
    help: 'Accounts whose turn has come, and that wait for others',
    registers,
    collect() {
      this.set(queueDepth())
    },
  })
}
