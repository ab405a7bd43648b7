import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { Account } from '../../../requests/account/account.ts'
import { isRecordName } from '../../../requests/account/record-name.ts'
import type { SyncCluster } from '../../cluster/cluster-port.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import type { SyncMetrics } from '../../metrics/metrics.ts'
import type { RoundResult } from '../result/round-result.ts'
import type { SourceDecision } from './decide-sources.ts'
import type { RoundStep, Settle } from './round-step.ts'
import { type SecretsToSettle, settleAll } from './settle-all.ts'
import { settleSecret } from './settle-secret.ts'
import type { TryLimit } from './try-limit.ts'

export interface SettlingRound extends SecretsToSettle {
  /** The resourceVersion at which the last round left a Secret. Undefined if it doesn't matter what others have written. */
  readonly leftVersionOf: (name: string) => string | undefined
  /** No new step begins once it has aborted. */
  readonly signal: AbortSignal
}

/** Returns a function that brings each Secret of a round to its desired state, one after the other. One failure doesn't stop the rest. */
export function createSettler(services: {
  readonly cluster: SyncCluster
  readonly metrics: Pick<SyncMetrics, 'countWrite'>
  readonly tries: TryLimit
}): (round: SettlingRound) => Promise<RoundResult> {
  const { cluster, metrics, tries } = services
  const settlerOf =
    ({ account, leftVersionOf, signal }: SettlingRound): Settle =>
    async ({ name, desired, found }) => ({
      kind: 'settled',
      name,
      ...(await settleSecret({
        cluster,
        account,
        name,
        desired,
        found: found?.has(name) ? { stored: found.get(name) } : undefined,
        leftVersion: leftVersionOf(name),
        onWrite: metrics.countWrite,
        signal,
      })),
    })
  /** If the API server doesn't say, the Secret counts as existing. */
  const existing =
    ({ namespace }: Account) =>
    (name: string): Promise<boolean> =>
      cluster.readSecret({ namespace, name }).then(
        (stored) => stored !== undefined,
        () => true,
      )
  return async (round) => {
    const settle = settlerOf(round)
    const steps = await settleAll(round, { settle, tries, exists: existing(round.account) })
    return { ...resultOf(steps, round.requested?.values), waitMs: shortestWait(round.decisions) }
  }
}

/** The result of a round that failed before its Secrets could be settled. */
export const failedResult = (error: AkvError, values: AccountValues | undefined): RoundResult =>
  resultOf([{ kind: 'failed', failure: { kind: 'account', error } }], values)

function shortestWait(decisions: ReadonlyMap<string, SourceDecision>): number | undefined {
  const waits = [...decisions.values()].flatMap((decision) =>
    decision.kind === 'wait' ? [decision.waitMs] : [],
  )
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
