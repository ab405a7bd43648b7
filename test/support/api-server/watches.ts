import type { ServerResponse } from 'node:http'
import { isIn, type ObjectChange, type ObjectStore } from './object-store.ts'

/** The watches that clients hold open. */
export interface Watches {
  /** Answers a watch of a collection: with what is newer than a version, and then with each change. */
  open(
    response: ServerResponse,
    options: { collection: string; since: number; objects: ObjectStore },
  ): void
  send(change: ObjectChange): void
  count(): number
  /** Ends all watches. `event`: what each of them gets first. */
  end(event?: object): void
}

export function createWatches(): Watches {
  const watches = new Map<ServerResponse, string>()
  const line = (event: object) => `${JSON.stringify(event)}\n`
  return {
    open(response, { collection, since, objects }) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      watches.set(response, collection)
      response.on('close', () => watches.delete(response))
      for (const object of objects.list(collection))
        if (Number(object.metadata.resourceVersion) > since)
          response.write(line({ type: 'MODIFIED', object }))
    },
    send({ type, path, object }) {
      for (const [response, collection] of watches)
        if (isIn(path, collection)) response.write(line({ type, object }))
    },
    count: () => watches.size,
    end(event) {
      const ending = [...watches.keys()]
      watches.clear()
      for (const response of ending) response.end(event && line(event))
    },
  }
}
