import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'

/** Key Vault's lists: at most 25 items a page; `nextLink` leads to the next page. */

const maxPageSize = 25

export interface PageRequest {
  /** `https://host/…/secrets`, the URL for the next page. */
  readonly url: string
  readonly apiVersion: string
  readonly maxResults?: string | undefined
  readonly skipToken?: string | undefined
}

interface VaultPage<Item> {
  readonly value: readonly Item[]
  readonly nextLink: string | null
}

/**
 * Gives the requested page. The token contains the last key of the page before, so adding or deleting items meanwhile
 * moves no other item to another page.
 */
export function pageOf<Item>(
  items: ReadonlyMap<string, Item>,
  { url, apiVersion, maxResults, skipToken }: PageRequest,
): Parsed<VaultPage<Item>> {
  const size = maxResults === undefined ? maxPageSize : Number(maxResults)
  if (!Number.isInteger(size) || size < 1 || size > maxPageSize)
    return invalid(`Invalid maxresults. It must be between 1 and ${maxPageSize}.`)
  const after = Buffer.from(skipToken ?? '', 'base64url').toString()
  const rest = [...items].filter(([key]) => key > after).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const shown = rest.slice(0, size)
  const last = shown.at(-1)?.[0]
  if (last === undefined || rest.length <= size)
    return valid({ value: shown.map(([, item]) => item), nextLink: null })
  const token = Buffer.from(last).toString('base64url')
  return valid({
    value: shown.map(([, item]) => item),
    nextLink: `${url}?api-version=${encodeURIComponent(apiVersion)}&$skiptoken=${token}&maxresults=${size}`,
  })
}
