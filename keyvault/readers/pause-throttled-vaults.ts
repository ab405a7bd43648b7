import type { ObjectReader } from './object-reader.ts'
import type { VaultPauses } from './vault-pauses.ts'
import { wrapReader } from './wrap-reader.ts'

/** Returns a reader that sends no requests to a paused vault, and pauses each vault that answers with a 429. */
export function pauseThrottledVaults(reader: ObjectReader, pauses: VaultPauses): ObjectReader {
  return wrapReader(reader, ({ vault }, request) => pauses.request(vault, request))
}
