import { type Failing, failingSince } from '../plan/account-status.ts'
import type { AccountEntry, SecretStatus } from './account-entry.ts'
import { failureOf, type Round, type Wanted } from './reconcile.ts'

/** The state of each Secret of an account after a round, from the state before and what the round came to. */
export function statusesAfter(
  entry: AccountEntry,
  options: {
    readonly wanted: Wanted
    readonly round: Round
    readonly isRegular: boolean
    readonly nowMs: number
  },
): ReadonlyMap<string, SecretStatus> {
  const { wanted, round, isRegular, nowMs } = options
  const begin = failingFrom(entry, nowMs)
  const statuses = wanted.secrets.map(({ name }): readonly [string, SecretStatus] => {
    const before = entry.secrets.get(name)
    const code = failureOf(name, { request: wanted, round })
    const failing = code === undefined ? undefined : begin(name, code)
    const isKnownAnew =
      failing === undefined && (isRegular || before?.failing !== undefined || before === undefined)
    const dueAtMs = isKnownAnew ? entry.nextRegularAtMs : (before?.dueAtMs ?? nowMs)
    return [name, { failing, dueAtMs, leftVersion: round.synced.get(name) }]
  })
  return new Map(statuses)
}

/**
 * The same for an account whose annotations can't be read. Which Secrets they are for, nobody knows: those of before, or
 * one without a name, which stands for the account.
 */
export function statusesWhenRefused(
  entry: AccountEntry,
  nowMs: number,
): ReadonlyMap<string, SecretStatus> {
  const begin = failingFrom(entry, nowMs)
  const asked = entry.secrets.size > 0 ? [...entry.secrets] : [['', { dueAtMs: nowMs }] as const]
  const statuses = asked.map(([name, { dueAtMs }]): readonly [string, SecretStatus] => [
    name,
    { failing: begin(name, 'AKV_SYNC_ANNOTATION'), dueAtMs },
  ])
  return new Map(statuses)
}

/** What fails already goes on failing from when it began, also if the code is another, or we were restarted. */
function failingFrom({ account, secrets }: AccountEntry, nowMs: number) {
  const reported = failingSince(account.status, nowMs)
  return (name: string, code: Failing['code']): Failing => {
    const before = secrets.get(name)
    const sinceMs =
      before?.failing?.sinceMs ?? (before === undefined ? reported.get(name) : undefined)
    return { code, sinceMs: sinceMs ?? nowMs }
  }
}
