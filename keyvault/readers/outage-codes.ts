import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

const outageCodes: ReadonlySet<AkvErrorCode> = new Set<AkvErrorCode>([
  'AKV_NETWORK',
  'AKV_VAULT_UNAVAILABLE',
  'AKV_ENTRA_UNAVAILABLE',
  'AKV_BAD_ANSWER',
  'AKV_THROTTLED',
])

/** Whether an error may come from an outage of the whole service. */
export const isOutageCode = (code: AkvErrorCode): boolean => outageCodes.has(code)
