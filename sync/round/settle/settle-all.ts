import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import type { AkvError } from '../../../lib/errors/akv-error.ts'
import type { Account } from '../../../requests/account/account.ts'
import { isRecordName, recordName } from '../../../requests/account/record-name.ts'
import type { SyncCluster } from '../../cluster/cluster-port.ts'
import type { AccountValues } from '../../fetch/account-values.ts'
import type { SyncMetrics } from '../../metrics/metrics.ts'
import {
  desiredRecord,
  originKey,
  type RecordedOrigin,
  type RecordedSecrets,
} from '../../plan/record.ts'
import type { SecretTurns } from '../../plan/secret-turn.ts'
import type { FoundObjects, RoundResult } from '../result/round-result.ts'
import type { SourceDecision } from './decide-sources.ts'
import type { FoundSecrets, RequestedValues, RoundStep, Settle, SettledStep } from './round-step.ts'
import { settleRequested } from './settle-requested.ts'
import { settleSecret } from './settle-secret.ts'
import type { TryLimit } from './try-limit.ts'

/** The Secrets of an account, and what is known of them. */
export interface SettlingRound {
  readonly account: Account
  /** For templates: what fetching the values has left of it. */
  readonly budget: CpuBudget
  /** Absent if the account no longer requests anything. */
  readonly requested: RequestedValues | undefined
  /** What the round does for each requested Secret. */
  readonly turns: SecretTurns
  readonly found: FoundSecrets
  /** The Secrets in the account's record. */
  readonly recorded: RecordedSecrets
  /** What becomes of each recorded Secret that isn't requested. */
  readonly decisions: ReadonlyMap<string, SourceDecision>
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
        onWrite: (kind) => metrics.countWrite(kind),
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
    const { steps, found } = await settleAll(round, {
      settle,
      tries,
      exists: existing(round.account),
    })
    const waitMs = shortestWait(round.decisions)
    return { ...resultOf(steps, round.requested?.values), turns: round.turns, found, waitMs }
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
    nothingFound: new Map(
      settled.flatMap(({ name, nothingFound }) => (nothingFound ? [[name, nothingFound]] : [])),
    ),
    held: new Set(steps.flatMap((step) => (step.kind === 'held' ? [step.name] : []))),
    turns: new Map(),
    found: undefined,
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

interface SettleOptions {
  readonly settle: Settle
  readonly tries: TryLimit
  /** Whether a Secret exists. */
  readonly exists: (name: string) => Promise<boolean>
}

/**
 * Brings all Secrets of an account, and its record, to their desired state. The order of the steps makes it safe to stop
 * after any of them: a Secret that exists is always in the record, so a later round can find and delete it.
 */
async function settleAll(
  round: SettlingRound,
  { settle, tries, exists }: SettleOptions,
): Promise<{ readonly steps: readonly RoundStep[]; readonly found: FoundObjects }> {
  const { account, budget, requested, turns, found, recorded, decisions } = round
  const origins = (requested?.request.secrets ?? []).map(
    ({ name, source }) => [name, source === undefined ? {} : { source }] as const,
  )
  const kept = keptSecrets(recorded, decisions)
  const record = recordName(account)

  // 1. Add new names and origins to the record, before any of these Secrets is created.
  const all = new Map([...recorded, ...kept, ...origins])
  const recording = haveSame(all, recorded)
    ? []
    : [await settle({ name: record, desired: desiredRecord(account, all), found })]

  // 2. Settle each Secret that is requested, but none that isn't in the record.
  const known = recording.every(isDone) ? new Set(all.keys()) : new Set(recorded.keys())
  const { steps, incomplete, objects } = requested
    ? await settleRequested({ ...requested, account, budget, turns, known, found, settle, tries })
    : { steps: [], incomplete: new Set<string>(), objects: new Map<string, never>() }

  // 3. Delete the Secrets that are no longer requested, but only once all others of the same origin exist: an entry may
  //    just have been renamed, and its new Secret may not have its values yet.
  const unwanted = [...decisions].flatMap(([name, { kind }]) =>
    kind === 'delete' && !incomplete.has(originKey(recorded.get(name) ?? {})) ? [name] : [],
  )
  const deletions: SettledStep[] = []
  for (const name of unwanted) deletions.push(await settle({ name }))

  // 4. Forget the held Secrets that somebody has deleted.
  const held = await settleHeld(decisions, exists)

  // 5. Remove these names from the record once all of these Secrets are gone. A record without names is deleted.
  const removed = [...unwanted, ...held.removed]
  const left = [...all].filter(([name]) => !removed.includes(name))
  const isCleared = removed.length > 0 && deletions.every(isDone)
  const cleanup = isCleared
    ? [await settle({ name: record, desired: desiredRecord(account, new Map(left)) })]
    : []

  const gone = [...deletions.filter(isDone).map(({ name }) => name), ...held.removed]
  return {
    steps: [...recording, ...steps, ...deletions, ...held.steps, ...cleanup],
    found: {
      requested: objects,
      kept: [...decisions.keys()].filter((name) => !gone.includes(name)),
    },
  }
}

const isDone = ({ state }: SettledStep): boolean => state === 'done'

/** The Secrets that aren't requested and stay. Those whose kind is gone are marked. */
function keptSecrets(
  recorded: RecordedSecrets,
  decisions: SettlingRound['decisions'],
): RecordedSecrets {
  const kept = [...recorded].flatMap(([name, origin]): [string, RecordedOrigin][] => {
    const kind = decisions.get(name)?.kind
    if (kind === undefined || kind === 'delete') return []
    return [[name, kind === 'held' ? { ...origin, isHeld: true } : origin]]
  })
  return new Map(kept)
}

function haveSame(a: RecordedSecrets, b: RecordedSecrets): boolean {
  const text = (secrets: RecordedSecrets) =>
    [...secrets]
      .map(([name, origin]) => `${name} ${originKey(origin)} ${origin.isHeld}`)
      .sort()
      .join()
  return text(a) === text(b)
}

/** Reports each Secret that stays although its source is gone, as long as it exists. */
async function settleHeld(decisions: SettlingRound['decisions'], exists: SettleOptions['exists']) {
  const steps: RoundStep[] = []
  const removed: string[] = []
  for (const [name, decision] of decisions) {
    if (decision.kind !== 'held') continue
    if (await exists(name)) steps.push({ kind: 'held', name, error: decision.error })
    else removed.push(name)
  }
  return { steps, removed }
}
