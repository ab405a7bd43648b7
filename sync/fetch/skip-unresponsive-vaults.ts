import type { ObjectReader } from '../../keyvault/readers/object-reader.ts'
import { wrapReader } from '../../keyvault/readers/wrap-reader.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'

/** A network error after this time means that the vault didn't answer. */
const unresponsiveMs = 5_000

/**
 * Wraps the reader of one round so that it stops asking a vault that hasn't answered once. Otherwise hundreds of objects,
 * ten at a time, would each wait for their timeout and block a slot of the work queue for a quarter of an hour. The next
 * round tries them again.
 */
export function skipUnresponsiveVaults(
  reader: ObjectReader,
  clock: Pick<Clock, 'now'>,
): ObjectReader {
  const unresponsive = new Map<string, AkvError>()
  return wrapReader(reader, async ({ vault }, request) => {
    const before = unresponsive.get(vault)
    if (before !== undefined) throw before
    const askedAtMs = clock.now()
    try {
      return await request()
    } catch (error) {
      const isTimeout = error instanceof AkvError && error.code === 'AKV_NETWORK'
      if (isTimeout && clock.now() - askedAtMs >= unresponsiveMs) unresponsive.set(vault, error)
      throw error
    }
  })
}
