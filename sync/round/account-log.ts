import type { Log, LogDetails } from '../../lib/log/log.ts'
import type { Account } from '../request/account.ts'

/** A log that names the account in each line. */
export function accountLog(log: Log, account: Pick<Account, 'namespace' | 'name'>): Log {
  const own = { account: `${account.namespace}/${account.name}` }
  return {
    debug: (message: string, details?: LogDetails) => log.debug(message, { ...own, ...details }),
    info: (message: string, details?: LogDetails) => log.info(message, { ...own, ...details }),
    warn: (message: string, details?: LogDetails) => log.warn(message, { ...own, ...details }),
    error: (message: string, details?: LogDetails) => log.error(message, { ...own, ...details }),
  }
}
