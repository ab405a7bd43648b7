import type { Clock } from '../../lib/clock.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import type { Log } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'
import { isRecordName, recordName } from '../../requests/account/record-name.ts'
import type { SyncCluster } from '../cluster/cluster-port.ts'
import type { AccountValues } from '../fetch/account-values.ts'
import { refreshAccount } from '../fetch/refresh-account.ts'
import type { SyncMetrics } from '../metrics/metrics.ts'
import type { FairPace } from '../pace/fair-pace.ts'
import { readRecord } from '../plan/record.ts'
import type { RoundResult } from './result/round-result.ts'
import { roundBudget } from './round-budget.ts'
import type { RoundInput } from './round-input.ts'
import { decideFates, type Fate, type KnownSources } from './settle/decide-fates.ts'
import type { RoundStep, Settle } from './settle/round-step.ts'
import { settleAll } from './settle/settle-all.ts'
import { settleSecret } from './settle/settle-secret.ts'
import type { TryLimit } from './settle/try-limit.ts'

export interface ReconcileOptions {
  readonly cluster: SyncCluster
  readonly metrics: Pick<SyncMetrics, 'countWrite'>
  readonly tries: TryLimit
  readonly clock: Clock
  readonly log: Log
  readonly account: Account
  /** Absent if the account no longer requests anything. */
  readonly input: RoundInput | undefined
  readonly sources: KnownSources
  /** How much memory the values may take between rounds. */
  readonly maxKeptBytes: number
  readonly pace: FairPace
  /** No new step begins once it has aborted. */
  readonly signal: AbortSignal
}

/**
 * One round for one account: fetches what the vaults have, then brings each Secret to its desired state, one after the
 * other. Never throws, and one failure doesn't stop the rest.
 */
export async function reconcile(options: ReconcileOptions): Promise<RoundResult> {
  const { cluster, account, input, sources, tries, maxKeptBytes, clock, log, signal } = options
  try {
    const record = { namespace: account.namespace, name: recordName(account) }
    const storedRecord = await cluster.readSecret(record)
    const budget = roundBudget(account, options.pace)
    const refreshed =
      input &&
      (await refreshAccount({
        ...input,
        cluster,
        account,
        maxKeptBytes,
        budget,
        clock,
        log,
        signal,
      }))
    if (signal.aborted) return { ...resultOf([], input?.before), isFinished: false }
    const recorded = readRecord(account, storedRecord)
    const nowMs = clock.now()
    const fates = await decideFates(recorded, { request: input?.request, sources, nowMs })
    const steps = await settleAll({
      account,
      budget,
      asked: refreshed && { request: input.request, values: refreshed.values },
      found: new Map([...(refreshed?.found ?? []), [record.name, storedRecord]]),
      recorded,
      fates,
      settle: settler(options),
      tries,
      exists: existing(options),
    })
    return { ...resultOf(steps, refreshed?.values), waitMs: shortestWait(fates) }
  } catch (thrown) {
    const failure = { kind: 'account', error: toAkvError(thrown) } as const
    return resultOf([{ kind: 'failed', failure }], input?.before)
  }
}

function settler({ cluster, account, input, metrics, signal }: ReconcileOptions): Settle {
  return async ({ name, desired, found }) => ({
    kind: 'settled',
    name,
    ...(await settleSecret({
      cluster,
      account,
      name,
      desired,
      found: found?.has(name) ? { stored: found.get(name) } : undefined,
      leftVersion: input?.isRegular ? undefined : input?.leftVersions.get(name),
      onWrite: metrics.countWrite,
      signal,
    })),
  })
}

/** If the API server doesn't say, the Secret counts as existing. */
const existing =
  ({ cluster, account: { namespace } }: ReconcileOptions) =>
  (name: string): Promise<boolean> =>
    cluster.readSecret({ namespace, name }).then(
      (stored) => stored !== undefined,
      () => true,
    )

function shortestWait(fates: ReadonlyMap<string, Fate>): number | undefined {
  const waits = [...fates.values()].flatMap((fate) => (fate.kind === 'wait' ? [fate.waitMs] : []))
  return waits.length === 0 ? undefined : Math.min(...waits)
}

function resultOf(steps: readonly RoundStep[], values: AccountValues | undefined): RoundResult {
  const settled = steps.filter((step) => step.kind === 'settled')
  const failures = steps.flatMap((step) => {
    if (step.kind === 'failed') return [step.failure]
    const { name, error } = step
    return error === undefined ? [] : [{ kind: 'secret', name, error } as const]
  })
  return {
    values,
    failures,
    changes: new Map(
      settled.flatMap(({ name, change }) =>
        // Changes of the controller's own record are of no interest to anyone else.
        change === undefined || isRecordName(name) ? [] : [[name, change]],
      ),
    ),
    synced: new Map(
      settled.flatMap(({ name, state, stored }) =>
        state === 'done' ? [[name, stored?.resourceVersion ?? '']] : [],
      ),
    ),
    held: new Set(steps.flatMap((step) => (step.kind === 'held' ? [step.name] : []))),
    waitMs: undefined,
    isOutdated: settled.some(({ state }) => state === 'outdated'),
    // Retrying soon won't help a Secret that an admission webhook keeps changing, so that one counts as finished.
    isFinished: steps.every(
      (step) =>
        step.kind === 'held' ||
        (step.kind === 'settled' && (step.state === 'done' || step.state === 'defied')),
    ),
  }
}
