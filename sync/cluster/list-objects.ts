import { LargeAnswerError } from '../../kubernetes/connection.ts'
import { pluralOf } from '../../lib/count-of.ts'
import type { ObjectList } from './cluster-port.ts'
import type { PageTurns } from './paced-reading.ts'

/** After so many pages in a row that aren't too large, the next ones may be larger again. */
const pagesToGrow = 8
/** What a page costs before it is known what it has, in microseconds of one core, and one that turns out to be too large. */
const pageMicroseconds = 1_000
const largePageMicroseconds = 20_000

export interface PageQuery {
  readonly limit: number
  readonly _continue?: string
  readonly fieldSelector?: string
}

export interface Page {
  readonly items: readonly unknown[]
  /** Of the next page; empty at the end. */
  readonly token: string
  /** Of the collection. */
  readonly resourceVersion: string
}

/** All objects of a kind, for a message. `namespace`: empty for the whole cluster. */
export const describeObjects = (kind: string, namespace: string): string =>
  namespace === '' ? `all ${pluralOf(kind)}` : `the ${pluralOf(kind)} of namespace ${namespace}`

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
  let goodPages = 0
  // Without its items, which may wait for long.
  let page: Omit<Page, 'items'> | undefined
  while (page === undefined || page.token !== '') {
    const query = { limit, ...(page && { _continue: page.token }) }
    await turns.awaitTurn(pageMicroseconds)
    try {
      const { items, ...rest } = await turns.inTurn(() => requestPage(query))
      for (const item of items) objects.push(...read(item))
      page = rest
      goodPages += 1
      if (goodPages % pagesToGrow === 0) limit = Math.min(pageSize, limit * 2)
    } catch (error) {
      if (!(error instanceof LargeAnswerError)) throw error
      await turns.awaitTurn(largePageMicroseconds)
      limit = Math.ceil(limit / 4)
      goodPages = 0
    }
  }
  return { objects, resourceVersion: page.resourceVersion }
}
