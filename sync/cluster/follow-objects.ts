import type { Connection } from '../../kubernetes/connection.ts'
import type { AwaitTurn } from '../../kubernetes/lists/paced-reading.ts'
import { watch } from '../../kubernetes/watch.ts'
import { valueAt } from '../../lib/shape.ts'
import type { WatchOptions } from './cluster-port.ts'

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
  options: Omit<WatchOptions<T>, 'namespace' | 'selection'> & {
    readonly path: string
    readonly query?: Readonly<Record<string, string>>
    readonly read: (object: unknown) => readonly T[]
    /** Called with how long it took to read an object. */
    readonly onRead?: (object: unknown, microseconds: number) => void
    readonly awaitTurn: AwaitTurn
  },
): Promise<string> {
  const { path, query, read, resourceVersion, onOpen, onObject, onGone } = options
  const { onRead, awaitTurn, signal, restart } = options
  let last = resourceVersion
  let isOpen = false
  const watching = watch(connection, {
    path,
    query: {
      ...query,
      resourceVersion,
      timeoutSeconds: String(watchSeconds),
      // Bookmarks update the version even if nothing happens, so that it never gets too old.
      allowWatchBookmarks: 'true',
    },
    quietMs,
    signal: restart ? AbortSignal.any([signal, restart]) : signal,
    onOpen() {
      isOpen = true
      onOpen?.()
    },
    awaitTurn,
    onRead: ({ object }, microseconds) => onRead?.(object, microseconds),
    onEvent: ({ type, object }) => {
      if (type === 'ERROR') throw new Error('the API server ended the watch with an error')
      last = versionOf(object) ?? last
      const [seen] = type === 'BOOKMARK' ? [] : read(object)
      if (seen === undefined) return
      if (type === 'DELETED') onGone(seen.name, seen)
      else onObject(seen)
    },
  })
  await watching.catch((error: unknown) => {
    if (restart?.aborted && !signal.aborted) return
    // The connection of all other requests has probably broken, too. Over HTTP/2, they would only notice it by their timeout.
    if (isOpen && !signal.aborted) connection.reconnect()
    throw error
  })
  return last
}

function versionOf(object: unknown): string | undefined {
  const version = valueAt(object, 'metadata', 'resourceVersion')
  return typeof version === 'string' ? version : undefined
}
