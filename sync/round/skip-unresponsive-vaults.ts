import type { Session } from '../../init-agent/projection/session.ts'
import type { ObjectReader } from '../../keyvault/object-reader.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'

/** What takes so long to fail has waited for an answer. */
const silentMs = 5_000

/**
 * A reader for one round, which doesn't ask a vault any more that has not answered: hundreds of objects that wait for
 * their time to be over, ten by ten, would keep a place for a quarter of an hour. They are tried again with the next
 * round, and those before them that were there need not be then.
 */
export function skipUnresponsiveVaults({
  session: { reader },
  clock,
}: {
  readonly session: Pick<Session, 'reader'>
  readonly clock: Pick<Clock, 'now'>
}): ObjectReader {
  const silent = new Map<string, AkvError>()
  const ask = async <T>(vault: string, request: () => Promise<T>): Promise<T> => {
    const before = silent.get(vault)
    if (before !== undefined) throw before
    const askedAtMs = clock.now()
    try {
      return await request()
    } catch (error) {
      const isSilence = error instanceof AkvError && error.code === 'AKV_NETWORK'
      if (isSilence && clock.now() - askedAtMs >= silentMs) silent.set(vault, error)
      throw error
    }
  }
  return {
    read: (reference, signal) => ask(reference.vault, () => reader.read(reference, signal)),
    listVersions: (reference, signal) =>
      ask(reference.vault, () => reader.listVersions(reference, signal)),
  }
}
