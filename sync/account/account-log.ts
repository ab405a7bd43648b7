import type { Log, LogDetails } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'

/** A log that names the account in each line. */
export const accountLog = (
  log: Log,
  { namespace, name }: Pick<Account, 'namespace' | 'name'>,
): Log => logWith(log, { account: `${namespace}/${name}` })

/** A log that has these details in each line. */
export function logWith(log: Log, added: LogDetails): Log {
  return {
    debug: (message: string, details?: LogDetails) => log.debug(message, { ...added, ...details }),
    info: (message: string, details?: LogDetails) => log.info(message, { ...added, ...details }),
    warn: (message: string, details?: LogDetails) => log.warn(message, { ...added, ...details }),
    error: (message: string, details?: LogDetails) => log.error(message, { ...added, ...details }),
  }
}
