import { isObject, withoutAbsent } from '../../lib/shape.ts'
import type { ListedProperties, ListedSecret } from '../clients/object-client.ts'
import { isObjectName } from '../reference.ts'

/** The pages of a list of secrets. Unlike a generator, it isn't at its end after a failure. */
export type SecretPages = AsyncIterable<readonly ListedSecret[]>

/** Names the list of a vault's secrets in messages. */
export const describeList = (vault: string): string => `the list of secrets in vault ${vault}`

/**
 * Reads the list of a vault's secrets page by page.
 *
 * The SDK's iterator is at its end after a failure, so whoever asks it again would take the pages so far for the whole list.
 * Here, the first page can be asked for again. After a later page has failed, each further call fails in the same way.
 *
 * @param open - begins a list
 * @param translate - makes the SDK's errors ours
 */
export function secretPages(
  open: () => Promise<AsyncIterable<readonly ListedProperties[]>>,
  translate: <T>(call: () => Promise<T>) => Promise<T>,
): SecretPages {
  let pages: AsyncIterator<readonly ListedProperties[]> | undefined
  let failure: { readonly error: unknown } | undefined
  const nextPage = async () => {
    if (failure) throw failure.error
    const isFirst = pages === undefined
    try {
      pages ??= (await open())[Symbol.asyncIterator]()
      const { done, value } = await pages.next()
      return done ? done : value.map(listedSecret)
    } catch (error) {
      if (isFirst) pages = undefined
      else failure = { error }
      throw error
    }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const page = await translate(nextPage)
        return page === true ? { done: true, value: undefined } : { done: false, value: page }
      },
    }),
  }
}

/** @throws TypeError if it has no valid name. Leaving it out would look as if the vault didn't have it. */
function listedSecret(properties: ListedProperties): ListedSecret {
  const { name, enabled, managed, updatedOn, tags } = properties
  if (typeof name !== 'string' || !isObjectName(name)) throw new TypeError('no name')
  const updatedAtMs = updatedOn?.getTime() ?? Number.NaN
  const texts = Object.entries(isObject(tags) ? tags : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  )
  return {
    name,
    isEnabled: enabled !== false,
    isCertificate: managed === true,
    tags: new Map(texts),
    ...withoutAbsent({ updatedAtMs: Number.isFinite(updatedAtMs) ? updatedAtMs : undefined }),
  }
}
