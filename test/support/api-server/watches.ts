import type { ServerResponse } from 'node:http'
import { selectedBy } from './field-selector.ts'
import { isIn, type ObjectStore } from './object-store.ts'

/** The watches that clients hold open. */
export interface Watches {
  /**
   * Answers a watch of a collection with each change after a version, deletions too: first those that have happened since then.
   * If not all of them are known any more, it says that the version has expired, and the watch ends.
   */
  open(
    response: ServerResponse,
    options: { collection: string; query: URLSearchParams; objects: ObjectStore },
  ): void
  /** Sends what has changed in the objects. */
  changed(): void
  count(): number
  /** Ends all watches. `event`: what each of them gets first. */
  end(event?: object): void
}

/** A watch that a client holds open. */
interface Watch {
  readonly collection: string
  readonly query: URLSearchParams
  readonly objects: ObjectStore
  /** The version up to which changes have been sent. */
  sentVersion: number
}

export function createWatches(): Watches {
  const watches = new Map<ServerResponse, Watch>()
  const line = (event: object) => `${JSON.stringify(event)}\n`
  function end(response: ServerResponse, event?: object): void {
    watches.delete(response)
    response.end(event && line(event))
  }
  /** Sends what has changed, until the client has to take some of it first. @returns whether there was more */
  function sendTo(response: ServerResponse): boolean {
    const watch = watches.get(response)
    if (watch === undefined) return false
    const { collection, query, objects } = watch
    const changes = objects.changesAfter(watch.sentVersion)
    if (changes === undefined) end(response, { type: 'ERROR', object: expired })
    for (const { type, path, object } of changes ?? []) {
      watch.sentVersion = Number(object.metadata.resourceVersion)
      if (!isIn(path, collection) || !selectedBy(query)(object)) continue
      if (!response.write(line({ type, object }))) return true
    }
    return false
  }
  function continueWith(response: ServerResponse): void {
    if (!response.writableNeedDrain) sendTo(response)
  }
  return {
    open(response, { collection, query, objects }) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      const sentVersion = Number(query.get('resourceVersion'))
      watches.set(response, { collection, query, objects, sentVersion })
      response.on('close', () => watches.delete(response))
      response.on('drain', () => continueWith(response))
      continueWith(response)
    },
    changed() {
      for (const response of watches.keys()) continueWith(response)
    },
    count: () => watches.size,
    end(event) {
      for (const response of [...watches.keys()]) {
        while (sendTo(response));
        end(response, event)
      }
    },
  }
}

const expired = { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 }
