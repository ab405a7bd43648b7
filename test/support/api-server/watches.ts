import type { ServerResponse } from 'node:http'
import { selectedBy } from './field-selector.ts'
import { isIn, type ObjectChange, type ObjectStore } from './object-store.ts'

/** The watches that clients hold open. */
export interface Watches {
  /** Answers a watch of a collection: with what is newer than a version, and then with each change. */
  open(
    response: ServerResponse,
    options: { collection: string; query: URLSearchParams; objects: ObjectStore },
  ): void
  send(change: ObjectChange): void
  count(): number
  /** Ends all watches. `event`: what each of them gets first. */
  end(event?: object): void
}

export function createWatches(): Watches {
  const watches = new Map<ServerResponse, { collection: string; query: URLSearchParams }>()
  const line = (event: object) => `${JSON.stringify(event)}\n`
  return {
    open(response, { collection, query, objects }) {
      const since = Number(query.get('resourceVersion'))
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      watches.set(response, { collection, query })
      response.on('close', () => watches.delete(response))
      for (const object of objects.list(collection).filter(selectedBy(query)))
        if (Number(object.metadata.resourceVersion) > since)
          response.write(line({ type: 'MODIFIED', object }))
    },
    send({ type, path, object }) {
      for (const [response, { collection, query }] of watches)
        if (isIn(path, collection) && selectedBy(query)(object))
          response.write(line({ type, object }))
    },
    count: () => watches.size,
    end(event) {
      const ending = [...watches.keys()]
      watches.clear()
      for (const response of ending) response.end(event && line(event))
    },
  }
}
