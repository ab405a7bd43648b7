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
  /** Where the figures of the moment come from. */
  watch(source: {
    readonly secrets: () => Iterable<SecretFigures>
    readonly queueDepth: () => number
  }): void
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
    watch: (source) => addGauges(registry, { ...source, accounts }),
  }
}

function addGauges(
  registry: Registry,
  source: Parameters<SyncMetrics['watch']>[0] & { readonly accounts: ListedAccounts },
): void {
  const registers = [registry]
  /** Of each listed account, so that one without Secrets shows zeros. */
  const byAccount = () => {
    const all = new Map<string, SecretFigures[]>()
    for (const [namespace, names] of source.accounts)
      for (const account of names) all.set(`${namespace}/${account}`, [])
    for (const secret of source.secrets())
      all.get(`${secret.namespace}/${secret.account}`)?.push(secret)
    return [...all].map(([key, secrets]) => {
      const [namespace = '', account = ''] = key.split('/')
      return { labels: { namespace, account }, secrets }
    })
  }
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
        this.set(labels, Math.max(0, ...secrets.map(({ staleSeconds }) => staleSeconds)))
    },
  })
  new Gauge({
    name: `${prefix}queue_depth`,
    help: 'Accounts whose turn has come, and that wait for others',
    registers,
    collect() {
      this.set(source.queueDepth())
    },
  })
}
