import { LargeAnswerError } from '../../kubernetes/connection.ts'
import type { InTurn } from './page-turns.ts'

export interface Page {
  /** Of the next page; empty at the end. */
  readonly token: string
  readonly resourceVersion: string
}

/**
 * Reads a collection page by page. If a page is too large, the rest is read in smaller ones, in the end one object at a time.
 *
 * @param options - `pageSize`: how many objects a page may have; `requestPage`: sends the request, and keeps the objects
 * @returns the resourceVersion of the collection
 */
export async function listPages({
  pageSize,
  inTurn,
  requestPage,
}: {
  readonly pageSize: number
  readonly inTurn: InTurn
  readonly requestPage: (query: {
    readonly limit: number
    readonly _continue?: string
  }) => Promise<Page>
}): Promise<string> {
  let limit = pageSize
  let page: Page | undefined
  while (page === undefined || page.token !== '') {
    const query = { limit, ...(page && { _continue: page.token }) }
    try {
      page = await inTurn(() => requestPage(query))
    } catch (error) {
      if (!(error instanceof LargeAnswerError)) throw error
      limit = Math.ceil(limit / 4)
    }
  }
  return page.resourceVersion
}
