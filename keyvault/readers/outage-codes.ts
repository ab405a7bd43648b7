import type { AkvErrorCode } from '../../lib/errors/akv-error.ts'

const outageCodes: ReadonlySet<AkvErrorCode> = new Set<AkvErrorCode>([
  'AKV_NETWORK',
  'AKV_VAULT_UNAVAILABLE',
  'AKV_ENTRA_UNAVAILABLE',
  'AKV_BAD_ANSWER',
  'AKV_THROTTLED',
  // It concerns all certificates, and ends for all when the clock is set.
  'AKV_CLOCK',
])

/** Whether an error may come from an outage of the whole service. */
export const isOutageCode = (code: AkvErrorCode): boolean => outageCodes.has(code)
