import { AkvError } from '../../lib/errors/akv-error.ts'
import type { SignIn } from '../entra/sign-in.ts'
import type { ObjectReader } from './object-reader.ts'
import { wrapReader } from './wrap-reader.ts'

/**
 * Returns a reader for one fetch or one refresh. When a vault first refuses the token, it signs in again and repeats
 * the request, and repeats those that were in flight with the old token. If the vault refuses the new token too, the
 * request fails.
 */
export function renewRefusedToken({
  reader,
  signIn,
}: {
  readonly reader: ObjectReader
  readonly signIn: Pick<SignIn, 'forget'>
}): ObjectReader {
  let isRenewed = false
  return wrapReader(reader, async (_reference, request) => {
    const hasNewToken = isRenewed
    try {
      return await request()
    } catch (error) {
      const isRefused = error instanceof AkvError && error.code === 'AKV_UNAUTHORIZED'
      if (!isRefused || hasNewToken) throw error
      if (!isRenewed) signIn.forget()
      isRenewed = true
      return await request()
    }
  })
}
