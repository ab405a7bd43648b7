import { LargeAnswerError } from '../../kubernetes/connection.ts'
import type { AwaitTurn } from './paced-reading.ts'

/** Runs a task when its turn comes. */
export type InTurn = <T>(task: () => Promise<T>) => Promise<T>
/** Namespaces take turns. */
export type InTurnOf = (namespace: string) => InTurn

/** What a page costs before it is known what it has, in microseconds of one core, and one that turns out to be too large. */
const pageMicroseconds = 1_000
const largePageMicroseconds = 20_000

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
  awaitTurn,
  requestPage,
}: {
  readonly pageSize: number
  readonly inTurn: InTurn
  /** Called before each page. What reading the last one has cost is charged on its own. */
  readonly awaitTurn?: AwaitTurn
  readonly requestPage: (query: {
    readonly limit: number
    readonly _continue?: string
  }) => Promise<Page>
}): Promise<string> {
  let limit = pageSize
  let page: Page | undefined
  while (page === undefined || page.token !== '') {
    const query = { limit, ...(page && { _continue: page.token }) }
    await awaitTurn?.(pageMicroseconds)
    try {
      page = await inTurn(() => requestPage(query))
    } catch (error) {
      if (!(error instanceof LargeAnswerError)) throw error
      await awaitTurn?.(largePageMicroseconds)
      limit = Math.ceil(limit / 4)
    }
  }
  return page.resourceVersion
}
