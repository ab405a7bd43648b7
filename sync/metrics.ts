import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { AkvErrorCode } from '../keyvault/errors.ts'
import type { SecretStep } from './secret-step.ts'

/** How one Secret fares. */
export interface SecretFigures {
  readonly namespace: string
  readonly isSynced: boolean
  /** Since it should have been known to be up to date, by its account's refresh. 0: it is. */
  readonly staleSeconds: number
}

export type WriteKind = Extract<SecretStep['kind'], 'create' | 'claim' | 'apply' | 'delete'>

/** What `/metrics` shows. Labels come from closed sets, and from the operator's list of namespaces. */
export interface SyncMetrics {
  /** In Prometheus' text format. */
  text(): Promise<string>
  countWrite(operation: WriteKind): void
  /** A round in which something failed with this code. */
  countFailure(code: AkvErrorCode): void
  /** `ok`, or why it failed. */
  countVaultRequest(result: 'ok' | AkvErrorCode): void
  /** Where the figures of the moment come from. */
  watch(source: {
    readonly secrets: () => Iterable<SecretFigures>
    readonly queueDepth: () => number
  }): void
}

const prefix = 'akv_injector_sync_'

export function createSyncMetrics(namespaces: readonly string[]): SyncMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name: `${prefix}${name}`, help, labelNames: [label], registers })
  const writes = counter('writes_total', 'Writes of Secrets by operation', 'operation')
  const failures = counter('failures_total', 'Rounds in which something failed, by code', 'code')
  const requests = counter('vault_requests_total', 'Reads of vault objects by result', 'result')
  return {
    text: () => registry.metrics(),
    countWrite: (operation) => writes.inc({ operation }),
    countFailure: (code) => failures.inc({ code }),
    countVaultRequest: (result) => requests.inc({ result }),
    watch: (source) => addGauges(registry, { ...source, namespaces }),
  }
}

function addGauges(
  registry: Registry,
  source: Parameters<SyncMetrics['watch']>[0] & { readonly namespaces: readonly string[] },
): void {
  const registers = [registry]
  new Gauge({
    name: `${prefix}secrets`,
    help: 'Secrets that are asked for, by whether they are as they should be',
    labelNames: ['state'],
    registers,
    collect() {
      const all = [...source.secrets()]
      const synced = all.filter(({ isSynced }) => isSynced).length
      this.set({ state: 'synced' }, synced)
      this.set({ state: 'failing' }, all.length - synced)
    },
  })
  new Gauge({
    name: `${prefix}staleness_seconds`,
    help: 'For how long the refresh of the longest neglected Secret of a namespace is overdue',
    labelNames: ['namespace'],
    registers,
    collect() {
      const oldest = new Map(source.namespaces.map((namespace) => [namespace, 0]))
      for (const { namespace, staleSeconds } of source.secrets())
        oldest.set(namespace, Math.max(oldest.get(namespace) ?? 0, staleSeconds))
      for (const [namespace, seconds] of oldest) this.set({ namespace }, seconds)
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
