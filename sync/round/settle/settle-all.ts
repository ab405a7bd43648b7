import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import type { Account } from '../../../requests/account/account.ts'
import { recordName } from '../../../requests/account/record-name.ts'
import {
  desiredRecord,
  originKey,
  type RecordedOrigin,
  type RecordedSecrets,
} from '../../plan/record.ts'
import type { SourceDecision } from './decide-sources.ts'
import type { FoundSecrets, RequestedValues, RoundStep, Settle, SettledStep } from './round-step.ts'
import { settleRequested } from './settle-requested.ts'
import type { TryLimit } from './try-limit.ts'

/** The Secrets of an account, and what is known of them. */
export interface SecretsToSettle {
  readonly account: Account
  /** For templates: what fetching the values has left of it. */
  readonly budget: CpuBudget
  /** Absent if the account no longer requests anything. */
  readonly requested: RequestedValues | undefined
  readonly found: FoundSecrets
  /** The Secrets in the account's record. */
  readonly recorded: RecordedSecrets
  /** What becomes of each recorded Secret that isn't requested. */
  readonly decisions: ReadonlyMap<string, SourceDecision>
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
export async function settleAll(
  secrets: SecretsToSettle,
  { settle, tries, exists }: SettleOptions,
): Promise<readonly RoundStep[]> {
  const { account, budget, requested, found, recorded, decisions } = secrets
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
  const { steps, incomplete } = requested
    ? await settleRequested({ ...requested, account, budget, known, found, settle, tries })
    : { steps: [], incomplete: new Set<string>() }

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

  return [...recording, ...steps, ...deletions, ...held.steps, ...cleanup]
}

const isDone = ({ state }: SettledStep): boolean => state === 'done'

/** The Secrets that aren't requested and stay. Those whose kind is gone are marked. */
function keptSecrets(
  recorded: RecordedSecrets,
  decisions: SecretsToSettle['decisions'],
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
async function settleHeld(
  decisions: SecretsToSettle['decisions'],
  exists: SettleOptions['exists'],
) {
  const steps: RoundStep[] = []
  const removed: string[] = []
  for (const [name, decision] of decisions) {
    if (decision.kind !== 'held') continue
    if (await exists(name)) steps.push({ kind: 'held', name, error: decision.error })
    else removed.push(name)
  }
  return { steps, removed }
}
