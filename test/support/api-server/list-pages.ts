import { type ApiAnswer, failure } from './api-answer.ts'
import type { ApiObject } from './api-object.ts'
import { selectedBy } from './field-selector.ts'
import type { ObjectStore } from './object-store.ts'

export type ListPage = (collection: string, query: URLSearchParams) => ApiAnswer

/** The rest of a list, as it was when its first page was read. */
interface Rest {
  readonly items: readonly ApiObject[]
  readonly resourceVersion: string
}

/** How many lists can be continued. */
const maxRests = 100

/** Lists collections page by page. All pages of a list are of the same version, whatever changes meanwhile. */
export function createListPages(objects: ObjectStore): ListPage {
  const rests = new Map<string, Rest>()
  let lastToken = 0
  function begin(collection: string, query: URLSearchParams): Rest {
    const items = objects.list(collection).filter(selectedBy(query))
    return { items, resourceVersion: String(objects.version()) }
  }
  function keep(rest: Rest): string {
    const token = String(++lastToken)
    rests.set(token, rest)
    rests.delete(String(lastToken - maxRests))
    return token
  }
  return (collection, query) => {
    const token = query.get('continue')
    const rest = token === null ? begin(collection, query) : rests.get(token)
    if (rest === undefined) return failure(410, 'Expired', 'the continue token has expired')
    const { items, resourceVersion } = rest
    const length = Number(query.get('limit') ?? items.length)
    const more = items.length > length && keep({ ...rest, items: items.slice(length) })
    const metadata = { resourceVersion, ...(more && { continue: more }) }
    // The metadata comes last, as in lists of custom resources, whose fields the API server sorts.
    return [200, { apiVersion: 'v1', items: items.slice(0, length), kind: 'List', metadata }]
  }
}
