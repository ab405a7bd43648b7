import type { ObjectReader } from '../keyvault/object-reader.ts'
import { AkvError } from '../lib/errors/akv-error.ts'
import type { Session } from './projection/session.ts'

/**
 * A reader for one fetch or one refresh. When a vault first refuses the token, the agent signs in anew and asks again;
 * requests that were under way with the old token are repeated, too. A vault that refuses the new token fails for good.
 */
export function renewRefusedToken({ reader, signIn }: Session): ObjectReader {
  let isRenewed = false
  const withRenewal = async <T>(ask: () => Promise<T>): Promise<T> => {
    const hasNewToken = isRenewed
    try {
      return await ask()
    } catch (error) {
      const isRefused = error instanceof AkvError && error.code === 'AKV_UNAUTHORIZED'
      if (!isRefused || hasNewToken) throw error
      if (!isRenewed) signIn.forget()
      isRenewed = true
      return await ask()
    }
  }
  return {
    read: (reference, signal) => withRenewal(() => reader.read(reference, signal)),
    listVersions: (reference, signal) => withRenewal(() => reader.listVersions(reference, signal)),
  }
}
