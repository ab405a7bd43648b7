import type { Log, LogDetails } from '../../lib/log/log.ts'
import type { LogLevel } from '../../lib/log/log-level.ts'
import type { Account } from '../../requests/account/account.ts'

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
