import type { Connection } from '../../kubernetes/connection.ts'
import { watch } from '../../kubernetes/watch.ts'
import { valueAt } from '../../lib/shape.ts'
import type { WatchOptions } from './cluster-port.ts'
import type { AwaitTurn } from './paced-reading.ts'

/** The API server ends a watch after this time. Silence for a little longer means that the connection is dead. */
const watchSeconds = 240
const quietMs = 270_000

/**
 * Watches the objects of a collection until the API server ends the watch.
 *
 * @param options - `path`: of the collection; `read`: reads an object of a watch, or returns an empty list
 * @returns the resourceVersion to continue from
 * @throws Error if the watch breaks, or if a new list is needed (410: the version is too old)
 */
export async function followObjects<T extends { readonly name: string }>(
  connection: Connection,
  options: Omit<WatchOptions<T>, 'namespace'> & {
    readonly path: string
    readonly read: (object: unknown) => readonly T[]
    readonly awaitTurn: AwaitTurn
  },
): Promise<string> {
  const { path, read, resourceVersion, onOpen, onObject, onGone, awaitTurn, signal } = options
  let last = resourceVersion
  await watch(connection, {
    path,
    query: {
      resourceVersion,
      timeoutSeconds: String(watchSeconds),
      // Bookmarks update the version even if nothing happens, so that it never gets too old.
      allowWatchBookmarks: 'true',
    },
    quietMs,
    signal,
    ...(onOpen && { onOpen }),
    awaitTurn,
    onEvent: ({ type, object }) => {
      if (type === 'ERROR') throw new Error('the API server ended the watch with an error')
      last = versionOf(object) ?? last
      const [seen] = type === 'BOOKMARK' ? [] : read(object)
      if (seen === undefined) return
      if (type === 'DELETED') onGone(seen.name)
      else onObject(seen)
    },
  })
  return last
}

function versionOf(object: unknown): string | undefined {
  const version = valueAt(object, 'metadata', 'resourceVersion')
  return typeof version === 'string' ? version : undefined
}
