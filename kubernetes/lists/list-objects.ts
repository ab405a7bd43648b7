import { pluralOf } from '../../lib/count-of.ts'
import { LargeAnswerError } from '../connection.ts'
import type { PageTurns } from './paced-reading.ts'

/** After so many pages in a row that aren't too large, the next ones may be larger again. */
const pagesToGrow = 8

/** All objects of one kind in a namespace. */
export interface ObjectList<T> {
  readonly objects: readonly T[]
  /** Where a watch continues. */
  readonly resourceVersion: string
}

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

/** What has been read of a page. */
interface ReadPage<T> extends Omit<Page, 'items'> {
  readonly objects: readonly T[]
}

/** All objects of a kind, for a message. `namespace`: empty for the whole cluster. */
export const describeObjects = (kind: string, namespace: string): string =>
  namespace === '' ? `all ${pluralOf(kind)}` : `the ${pluralOf(kind)} of namespace ${namespace}`

/**
 * Lists a collection page by page. If a page is too large, the rest is read in smaller ones, in the end one object at a time.
 *
 * @param options - `pageSize`: how many objects a page may have; `readPage`: requests a page and reads its items
 */
export async function listObjects<T>(options: {
  readonly pageSize: number
  readonly turns: PageTurns
  readonly readPage: (query: PageQuery) => Promise<ReadPage<T>>
}): Promise<ObjectList<T>> {
  const { pageSize, turns, readPage } = options
  const all: T[] = []
  let limit = pageSize
  let goodPages = 0
  let page: Omit<Page, 'items'> | undefined
  while (page === undefined || page.token !== '') {
    const query = { limit, ...(page && { _continue: page.token }) }
    await turns.awaitTurn()
    try {
      const { objects, ...rest } = await turns.inTurn(() => readPage(query))
      all.push(...objects)
      page = rest
      goodPages += 1
      if (goodPages % pagesToGrow === 0) limit = Math.min(pageSize, limit * 2)
    } catch (error) {
      if (!(error instanceof LargeAnswerError)) throw error
      limit = Math.ceil(limit / 4)
      goodPages = 0
    }
  }
  return { objects: all, resourceVersion: page.resourceVersion }
}
