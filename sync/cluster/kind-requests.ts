import type { Connection } from '../../kubernetes/connection.ts'
import { listObjects, type Page, type PageQuery } from '../../kubernetes/lists/list-objects.ts'
import type { PageTurns } from '../../kubernetes/lists/paced-reading.ts'
import { valueAt } from '../../lib/shape.ts'
import type { KindRequests, Selection } from './cluster-port.ts'
import { followObjects } from './follow-objects.ts'
import type { PageCosts } from './page-costs.ts'

/** What the requests of all kinds need. */
export interface ReadingServices {
  readonly connection: Connection
  readonly turnsOf: (namespace: string) => PageTurns
  readonly costs: PageCosts
}

/** How the objects of one kind are requested and read. */
interface RequestedKind<T> {
  /** How many objects a page may have. */
  readonly pageSize: number
  readonly pathOf: (namespace: string) => string
  readonly requestPage: (namespace: string, query: PageQuery) => Promise<Page>
  /** Returns an empty list for anything else. */
  readonly read: (object: unknown) => readonly T[]
  /** Whether an object that hasn't been read asks for Secrets. */
  readonly asks?: (object: unknown) => boolean
}

/** The requests for the objects of one kind. */
export const kindRequests = <T extends { readonly name: string }>(
  { connection, turnsOf, costs }: ReadingServices,
  { pageSize, pathOf, requestPage, ...kind }: RequestedKind<T>,
): KindRequests<T> => ({
  list(namespace, reduce = (object) => object, selection) {
    const path = pathOf(namespace)
    const charge = chargeOf(selection, { namespace, costs })
    return listObjects({
      pageSize,
      turns: turnsOf(namespace),
      async readPage(page) {
        let charged: readonly unknown[] = [undefined]
        try {
          const { items, ...rest } = await requestPage(namespace, {
            ...page,
            ...selectorOf(selection),
          })
          if (items.length > 0) charged = items
          const read = (item: unknown) => readSelected(item, kind, selection).map(reduce)
          return { ...rest, objects: items.flatMap(read) }
        } finally {
          const spent = costs.take(path)
          for (const item of charged) charge(item, spent / charged.length)
        }
      },
    })
  },
  watch: ({ namespace, selection, ...options }) =>
    followObjects(connection, {
      ...options,
      path: pathOf(namespace),
      query: selectorOf(selection),
      awaitTurn: turnsOf(namespace).awaitTurn,
      read: (object) => readSelected(object, kind, selection),
      onRead: chargeOf(selection, { namespace, costs }),
    }),
})

/** Returns a function that charges the namespace of an object for the time that reading it has taken. */
function chargeOf(
  selection: Selection | undefined,
  { namespace, costs }: { readonly namespace: string; readonly costs: PageCosts },
): (object: unknown, microseconds: number) => void {
  const charge = selection?.onCost ?? costs.charge
  return (object, microseconds) => charge(namespaceOf(object) || namespace, microseconds)
}

/** Reads an object, unless it is in another namespace than ours. */
function readSelected<T>(
  object: unknown,
  { read, asks }: Pick<RequestedKind<T>, 'read' | 'asks'>,
  selection: Selection | undefined,
): readonly T[] {
  if (selection === undefined) return read(object)
  const namespace = namespaceOf(object)
  if (selection.isOurs(namespace)) return read(object)
  if (asks?.(object)) selection.onAsking(namespace)
  return []
}

function namespaceOf(object: unknown): string {
  const namespace = valueAt(object, 'metadata', 'namespace')
  return typeof namespace === 'string' ? namespace : ''
}

function selectorOf(selection: Selection | undefined): { readonly fieldSelector?: string } {
  const leftOut = selection?.leftOut() ?? []
  if (leftOut.length === 0) return {}
  return { fieldSelector: leftOut.map((name) => `metadata.namespace!=${name}`).join(',') }
}
