import { desiredRecord } from '../../plan/record.ts'
import { recordName } from '../../record-name.ts'
import type { Account } from '../../request/account.ts'
import type { AskedSecrets, FoundSecrets, RoundStep, Settle, SettledStep } from './round-step.ts'
import { settleRequested } from './settle-requested.ts'

export interface SettleAllOptions {
  readonly account: Account
  /** Absent if the account no longer requests anything. */
  readonly asked: AskedSecrets | undefined
  readonly found: FoundSecrets
  /** The names in the account's record. */
  readonly recorded: ReadonlySet<string>
  readonly settle: Settle
}

/**
 * Brings all Secrets of an account, and its record, to their desired state. The order of the steps makes it safe to stop
 * after any of them: a Secret that exists is always in the record, so a later round can find and delete it.
 */
export async function settleAll(options: SettleAllOptions): Promise<readonly RoundStep[]> {
  const { account, asked, found, recorded, settle } = options
  const names = asked?.request.secrets.map(({ name }) => name) ?? []
  const record = recordName(account)

  // 1. Add new names to the record, before any of these Secrets is created.
  const all = [...recorded, ...names]
  const hasNewNames = names.some((name) => !recorded.has(name))
  const recording = hasNewNames
    ? [await settle({ name: record, desired: desiredRecord(account, all), found })]
    : []

  // 2. Settle each Secret that is requested, but none that isn't in the record.
  const known = recording.every(isDone) ? new Set(all) : recorded
  const { steps: requested, isComplete } = asked
    ? await settleRequested({ ...asked, known, found, settle })
    : { steps: [], isComplete: true }

  // 3. Delete the Secrets that are no longer asked for, but only once all others exist: an entry may just have been
  //    renamed, and its new Secret may not have its values yet.
  const unwanted = isComplete ? [...recorded].filter((name) => !names.includes(name)) : []
  const deletions: SettledStep[] = []
  for (const name of unwanted) deletions.push(await settle({ name }))

  // 4. Remove the deleted names from the record once all of these Secrets are gone. A record without names is deleted.
  const isCleared = unwanted.length > 0 && deletions.every(isDone)
  const cleanup = isCleared
    ? [await settle({ name: record, desired: desiredRecord(account, names) })]
    : []

  return [...recording, ...requested, ...deletions, ...cleanup]
}

const isDone = ({ state }: SettledStep): boolean => state === 'done'
