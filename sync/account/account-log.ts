import type { Log, LogDetails } from '../../lib/log/log.ts'
import type { Account } from '../../requests/account/account.ts'

/** A log that names the account in each line. */
export const accountLog = (
  log: Log,
  { namespace, name }: Pick<Account, 'namespace' | 'name'>,
): Log => logWith(log, { account: `${namespace}/${name}` })

/** A log that has these details in each line. */
export function logWith(log: Log, own: LogDetails): Log {
  return {
    debug: (message: string, details?: LogDetails) => log.debug(message, { ...own, ...details }),
    info: (message: string, details?: LogDetails) => log.info(message, { ...own, ...details }),
    warn: (message: string, details?: LogDetails) => log.warn(message, { ...own, ...details }),
    error: (message: string, details?: LogDetails) => log.error(message, { ...own, ...details }),
  }
}
