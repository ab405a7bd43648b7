import type { Connection } from '../../kubernetes/connection.ts'
import type { KindRequests } from './cluster-port.ts'
import { followObjects } from './follow-objects.ts'
import { listObjects, type Page, type PageQuery } from './list-objects.ts'
import type { PageTurns } from './paced-reading.ts'

/** What the requests of all kinds need. */
export interface ReadingServices {
  readonly connection: Connection
  readonly turnsOf: (namespace: string) => PageTurns
}

/** How the objects of one kind are requested and read. */
interface RequestedKind<T> {
  /** How many objects a page may have. */
  readonly pageSize: number
  readonly pathOf: (namespace: string) => string
  readonly requestPage: (namespace: string, query: PageQuery) => Promise<Page>
  /** Returns an empty list for anything else. */
  readonly read: (object: unknown) => readonly T[]
}

/** The requests for the objects of one kind. */
export const kindRequests = <T extends { readonly name: string }>(
  { connection, turnsOf }: ReadingServices,
  { pageSize, pathOf, requestPage, read }: RequestedKind<T>,
): KindRequests<T> => ({
  list: (namespace, reduce = (object) => object) =>
    listObjects({
      pageSize,
      turns: turnsOf(namespace),
      requestPage: (query) => requestPage(namespace, query),
      read: (item) => read(item).map(reduce),
    }),
  watch: ({ namespace, ...options }) =>
    followObjects(connection, {
      ...options,
      path: pathOf(namespace),
      awaitTurn: turnsOf(namespace).awaitTurn,
      read,
    }),
})
