import { AkvError } from '../../lib/errors/akv-error.ts'
import { RequestFailure } from '../clients/request-guard.ts'
import { resolveHost } from '../clients/resolve-host.ts'
import type { ServerTime } from '../clients/server-time.ts'
import { dependsOnAddress, vaultError } from '../errors/classify.ts'
import { collectionOf, describeObject, type ObjectReference, vaultUrl } from '../reference.ts'
import { describeList } from './secret-pages.ts'

interface RequestOptions {
  /** The administrator's URL template, with `{vault}`. */
  readonly vaultUrl: string
  /** Who the token belongs to. */
  readonly principal: string
  readonly serverTime?: ServerTime | undefined
  readonly signal: AbortSignal | undefined
}

/** What a request is for. */
interface Subject {
  readonly vault: string
  /** For messages. */
  readonly title: string
  /** What the answer should have been. */
  readonly expected: string
  readonly isList?: true
}

/** The subject of a request for an object or its versions. */
export const objectSubject = (reference: ObjectReference): Subject => ({
  vault: reference.vault,
  title: describeObject(reference),
  expected: `a ${collectionOf(reference).slice(0, -1)}`,
})

/** The subject of a request for a page of the list of a vault's secrets. */
export const listSubject = (vault: string): Subject => ({
  vault,
  title: describeList(vault),
  expected: 'a list of secrets',
  isList: true,
})

/** Carries out a request, and maps every failure to a code of the error table. */
export async function withVaultErrors<T>(
  { vault, title: object, expected, isList }: Subject,
  { principal, vaultUrl: template, serverTime, signal }: RequestOptions,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof AkvError || signal?.aborted) throw error
    if (error instanceof RequestFailure) {
      const { failure } = error
      const { hostname } = new URL(vaultUrl(template, vault))
      const resolvedTo = dependsOnAddress(failure) ? await resolveHost(hostname) : undefined
      const times = serverTime?.times()
      throw vaultError(failure, {
        ...{ object, vault, hostname, principal, resolvedTo, times },
        ...(isList && { isList }),
      })
    }
    // The SDK could not read the answer, or the answer didn't contain the object. The SDK's message may quote the
    // answer, so it isn't shown.
    throw new AkvError(
      'AKV_BAD_ANSWER',
      `${object}: vault ${vault} answered with something other than ${expected}`,
    )
  }
}
