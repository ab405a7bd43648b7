import type { CpuBudget } from '../../../lib/cpu-budget.ts'
import type { Account } from '../../../requests/account/account.ts'
import { recordName } from '../../../requests/account/record-name.ts'
import type { RequestedSecret } from '../../../requests/secret/requested-secret.ts'
import {
  desiredRecord,
  originKey,
  type RecordedOrigin,
  type RecordedSecrets,
} from '../../plan/record.ts'
import type { Fate } from './decide-fates.ts'
import type { AskedSecrets, FoundSecrets, RoundStep, Settle, SettledStep } from './round-step.ts'
import { settleRequested } from './settle-requested.ts'
import type { TryLimit } from './try-limit.ts'

export interface SettleAllOptions {
  readonly account: Account
  /** For templates: what fetching the values has left of it. */
  readonly budget: CpuBudget
  /** Absent if the account no longer requests anything. */
  readonly asked: AskedSecrets | undefined
  readonly found: FoundSecrets
  /** The Secrets in the account's record. */
  readonly recorded: RecordedSecrets
  /** What becomes of each recorded Secret that isn't requested. */
  readonly fates: ReadonlyMap<string, Fate>
  readonly settle: Settle
  readonly tries: TryLimit
  /** Whether a Secret exists. */
  readonly exists: (name: string) => Promise<boolean>
}

/**
 * Brings all Secrets of an account, and its record, to their desired state. The order of the steps makes it safe to stop
 * after any of them: a Secret that exists is always in the record, so a later round can find and delete it.
 */
export async function settleAll(options: SettleAllOptions): Promise<readonly RoundStep[]> {
  const { account, budget, asked, found, recorded, fates, settle, tries } = options
  const requested = new Map(asked?.request.secrets.map((one) => [one.name, originOf(one)]))
  const kept = keptSecrets(recorded, fates)
  const record = recordName(account)

  // 1. Add new names and origins to the record, before any of these Secrets is created.
  const all = new Map([...recorded, ...kept, ...requested])
  const recording = haveSame(all, recorded)
    ? []
    : [await settle({ name: record, desired: desiredRecord(account, all), found })]

  // 2. Settle each Secret that is requested, but none that isn't in the record.
  const known = recording.every(isDone) ? new Set(all.keys()) : new Set(recorded.keys())
  const { steps, incomplete } = asked
    ? await settleRequested({ ...asked, account, budget, known, found, settle, tries })
    : { steps: [], incomplete: new Set<string>() }

  // 3. Delete the Secrets that are no longer asked for, but only once all others of the same origin exist: an entry may
  //    just have been renamed, and its new Secret may not have its values yet.
  const unwanted = [...fates].flatMap(([name, { kind }]) =>
    kind === 'delete' && !incomplete.has(originKey(recorded.get(name) ?? {})) ? [name] : [],
  )
  const deletions: SettledStep[] = []
  for (const name of unwanted) deletions.push(await settle({ name }))

  // 4. Forget the held Secrets that somebody has deleted.
  const held = await settleHeld(options)

  // 5. Remove these names from the record once all of these Secrets are gone. A record without names is deleted.
  const gone = [...unwanted, ...held.gone]
  const left = [...all].filter(([name]) => !gone.includes(name))
  const isCleared = gone.length > 0 && deletions.every(isDone)
  const cleanup = isCleared
    ? [await settle({ name: record, desired: desiredRecord(account, new Map(left)) })]
    : []

  return [...recording, ...steps, ...deletions, ...held.steps, ...cleanup]
}

const isDone = ({ state }: SettledStep): boolean => state === 'done'

const originOf = ({ source }: RequestedSecret): RecordedOrigin =>
  source === undefined ? {} : { source }

/** The Secrets that aren't requested and stay. Those whose kind is gone are marked. */
function keptSecrets(recorded: RecordedSecrets, fates: SettleAllOptions['fates']): RecordedSecrets {
  const kept = [...recorded].flatMap(([name, origin]): [string, RecordedOrigin][] => {
    const kind = fates.get(name)?.kind
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
async function settleHeld({ fates, exists }: SettleAllOptions) {
  const steps: RoundStep[] = []
  const gone: string[] = []
  for (const [name, fate] of fates) {
    if (fate.kind !== 'held') continue
    if (await exists(name)) steps.push({ kind: 'held', name, error: fate.error })
    else gone.push(name)
  }
  return { steps, gone }
}
