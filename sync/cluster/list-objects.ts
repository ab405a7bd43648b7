import { LargeAnswerError } from '../../kubernetes/connection.ts'
import type { ObjectList } from './cluster-port.ts'
import type { PageTurns } from './paced-reading.ts'

/** What a page costs before it is known what it has, in microseconds of one core, and one that turns out to be too large. */
const pageMicroseconds = 1_000
const largePageMicroseconds = 20_000

export interface PageQuery {
  readonly limit: number
  readonly _continue?: string
}

export interface Page {
  readonly items: readonly unknown[]
  /** Of the next page; empty at the end. */
  readonly token: string
  /** Of the collection. */
  readonly resourceVersion: string
}

/**
 * Lists a collection page by page. If a page is too large, the rest is read in smaller ones, in the end one object at a time.
 *
 * @param options - `pageSize`: how many objects a page may have; `read`: reads an item, before the next page is requested
 */
export async function listObjects<T>(options: {
  readonly pageSize: number
  readonly turns: PageTurns
  readonly requestPage: (query: PageQuery) => Promise<Page>
  readonly read: (item: unknown) => readonly T[]
}): Promise<ObjectList<T>> {
  const { pageSize, turns, requestPage, read } = options
  const objects: T[] = []
  let limit = pageSize
  // Without its items, which may wait for long.
  let page: Omit<Page, 'items'> | undefined
  while (page === undefined || page.token !== '') {
    const query = { limit, ...(page && { _continue: page.token }) }
    await turns.awaitTurn(pageMicroseconds)
    try {
      const { items, ...rest } = await turns.inTurn(() => requestPage(query))
      for (const item of items) objects.push(...read(item))
      page = rest
    } catch (error) {
      if (!(error instanceof LargeAnswerError)) throw error
      await turns.awaitTurn(largePageMicroseconds)
      limit = Math.ceil(limit / 4)
    }
  }
  return { objects, resourceVersion: page.resourceVersion }
}
