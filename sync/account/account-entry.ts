import type { Log, LogDetails } from '../../lib/log/log.ts'
import type { LogLevel } from '../../lib/log/log-level.ts'
import type { Account } from '../../requests/account/account.ts'
import type { Source } from '../../requests/source/source.ts'
import type { SeenAccount } from '../cluster/cluster-port.ts'
import type { Outlook } from '../queue/next-run.ts'
import { type AccountState, initialState } from './account-state.ts'

/**
 * The controller's entry for one account, and the only place where its state changes: the watch updates what it saw, and each
 * round stores what the next one needs to know. An account with another uid gets a new entry.
 */
export interface AccountEntry {
  /** As the watch saw it last. */
  account: SeenAccount
  /** Whether the account is enabled. */
  readonly isListed: boolean
  /** The sources that are read as this account, the oldest first. */
  sources: readonly Source[]
  /** Whether the account's annotations or its sources have changed since the last round began. The next round is a regular one then. */
  isChanged: boolean
  /** Whether the account's annotations have changed since the last round began, so that everything is fetched. */
  asksForAll: boolean
  state: AccountState
  /** How the next round is likely to go, judged by the last one. */
  outlook: Outlook
  /** Whether the last attempt to write the status failed. */
  isStatusRefused: boolean
  /** Whether the log says that the status can't be written. It doesn't while the API server is unavailable. */
  isStatusRefusalLogged: boolean
  /** Ends the round that is running, if any: when the account is deleted or replaced, or sync is turned off for it. */
  running: AbortController | undefined
}

/** How the next round is likely to go, although the account has changed: it may not fail any more. */
export const outlookOfChanged = ({ outlook }: Pick<AccountEntry, 'outlook'>): Outlook =>
  outlook === 'failing' ? 'unknown' : outlook

export const accountEntry = (account: SeenAccount, isListed: boolean): AccountEntry => ({
  account,
  isListed,
  sources: [],
  isChanged: true,
  // After a restart, the statuses of its sources say what is due.
  asksForAll: false,
  state: initialState,
  outlook: 'unknown',
  isStatusRefused: false,
  isStatusRefusalLogged: false,
  running: undefined,
})

/** A log that names the account in each line. */
export const accountLog = (
  log: Log,
  { namespace, name }: Pick<Account, 'namespace' | 'name'>,
): Log => logWith(log, { account: `${namespace}/${name}` })

/** A log that has these details in each line. */
export function logWith(log: Log, common: LogDetails): Log {
  const at = (level: LogLevel) => (message: string, details?: LogDetails) =>
    log[level](message, { ...common, ...details })
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
