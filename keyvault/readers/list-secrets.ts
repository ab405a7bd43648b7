import { AkvError } from '../../lib/errors/akv-error.ts'
import type { ListedSecret } from '../clients/object-client.ts'
import type { ObjectReader } from './object-reader.ts'
import { describeList } from './secret-pages.ts'

/**
 * Lists the secrets of a vault, one page after the other. A page has none that an earlier one had, because the service may show a
 * secret twice while others come and go.
 *
 * @param options - `maxPages`: after how many the list is too long. Key Vault has at most 25 secrets in a page
 * @throws AkvError AKV_LIST_TOO_LONG; AKV_BAD_ANSWER if the pages repeat themselves; and whatever the reader throws
 */
export async function* listSecrets(
  reader: Pick<ObjectReader, 'secretPages'>,
  vault: string,
  { maxPages, signal }: { readonly maxPages: number; readonly signal?: AbortSignal },
): AsyncGenerator<readonly ListedSecret[]> {
  const names = new Set<string>()
  let count = 0
  let repeated = 0
  for await (const page of reader.secretPages(vault, signal)) {
    if (++count > maxPages) throw tooLong(vault, { maxPages, secrets: names.size })
    const fresh = page.filter(({ name }) => {
      const key = name.toLowerCase()
      const isNew = !names.has(key)
      names.add(key)
      return isNew
    })
    // One page may repeat what earlier ones had, because secrets came or went meanwhile.
    repeated = page.length > 0 && fresh.length === 0 ? repeated + 1 : 0
    if (repeated > 1)
      throw new AkvError(
        'AKV_BAD_ANSWER',
        `${describeList(vault)}: two pages in a row have nothing new`,
      )
    yield fresh
  }
}

const tooLong = (
  vault: string,
  { maxPages, secrets }: { readonly maxPages: number; readonly secrets: number },
): AkvError =>
  new AkvError(
    'AKV_LIST_TOO_LONG',
    `${describeList(vault)}: it has more than ${maxPages} pages, with ${secrets} secrets so far; name the secrets instead of finding them, or use a smaller vault`,
  )
