import type { Log } from '../../lib/log/log.ts'
import type { AccountRequest } from '../../requests/account/account-request.ts'
import { readAccount } from '../../requests/account/read-account.ts'
import type { AccountEntry } from '../account/account-entry.ts'
import { accountLog } from '../account/account-log.ts'
import { holdValues, noRoom } from '../account/account-memory.ts'
import { beginState, type RoundServices, runRound } from './account-round.ts'
import { publishStatus } from './report/publish-status.ts'

export interface WorkAccountOptions extends RoundServices {
  /** Ends the round. */
  readonly signal: AbortSignal
}

/**
 * Runs one round for an account, stores the state that it returns, and publishes the status.
 *
 * @returns after how many milliseconds the next round is due; undefined if not before the account changes
 */
export async function workAccount(
  entry: AccountEntry,
  options: WorkAccountOptions,
): Promise<number | undefined> {
  const running = new AbortController()
  entry.running = running
  try {
    const signal = AbortSignal.any([options.signal, running.signal])
    return await workUntilAborted(entry, { ...options, signal })
  } finally {
    entry.running = undefined
  }
}

async function workUntilAborted(
  entry: AccountEntry,
  options: WorkAccountOptions,
): Promise<number | undefined> {
  const { account, isListed, isChanged, sources } = entry
  const request = isListed ? requestOf(entry, options) : undefined
  const log = accountLog(options.log, account)
  entry.isChanged = false
  const round = { ...options, account, request, assigned: sources, isChanged, log }
  entry.state = holdValues(beginState(entry.state, round), round)
  const next = await runRound(entry.state, round)
  if (next === undefined) return undefined
  entry.state = holdValues(next.state, round)
  // The controller may not write to accounts that the operator hasn't enabled.
  if (isListed) await updateStatus(entry, round)
  return next.nextAfterMs
}

const requestOf = (
  { account, sources }: AccountEntry,
  { policy }: Pick<RoundServices, 'policy'>,
): AccountRequest =>
  account.neededBytes === undefined
    ? readAccount(account, policy, sources)
    : { kind: 'refused', problems: [noRoom] }

/** The status is for people. If it can't be written, everything else continues. */
async function updateStatus(
  entry: AccountEntry,
  { cluster, log }: Pick<RoundServices, 'cluster'> & { readonly log: Log },
): Promise<void> {
  const { account } = entry
  const published = await publishStatus({ account, secrets: entry.state.secrets, cluster })
  switch (published.kind) {
    case 'unchanged':
      return
    case 'written':
      entry.isStatusRefused = false
      // The watch may have seen a newer version of the account meanwhile.
      if (entry.account === account) entry.account = published.account
      return
    case 'refused': {
      const { code, message } = published.error
      if (!entry.isStatusRefused) log.warn(`cannot write the status: ${message}`, { code })
      entry.isStatusRefused = true
      return
    }
    default:
      return published satisfies never
  }
}
