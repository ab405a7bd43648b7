import type { Connection } from '../../kubernetes/connection.ts'
import { watch } from '../../kubernetes/watch.ts'
import { isObject } from '../../lib/shape.ts'
import type { WatchAccountsOptions } from './cluster-port.ts'
import { readSeenAccount } from './seen-account.ts'

/** The API server ends a watch after this time. Silence for a little longer means that the connection is dead. */
const watchSeconds = 240
const quietMs = 270_000

/**
 * Watches the ServiceAccounts of a namespace until the API server ends the watch.
 *
 * @returns the resourceVersion to continue from
 * @throws Error if the watch breaks, or if a new list is needed (410: the version is too old)
 */
export async function followAccounts(
  connection: Connection,
  { namespace, resourceVersion, onOpen, onAccount, onGone, signal }: WatchAccountsOptions,
): Promise<string> {
  let last = resourceVersion
  await watch(connection, {
    path: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    query: {
      resourceVersion,
      timeoutSeconds: String(watchSeconds),
      // Bookmarks update the version even if nothing happens, so that it never gets too old.
      allowWatchBookmarks: 'true',
    },
    quietMs,
    signal,
    ...(onOpen && { onOpen }),
    onEvent: ({ type, object }) => {
      if (type === 'ERROR') throw new Error('the API server ended the watch with an error')
      last = versionOf(object) ?? last
      const [account] = type === 'BOOKMARK' ? [] : readSeenAccount(object)
      if (account === undefined) return
      if (type === 'DELETED') onGone(account.name)
      else onAccount(account)
    },
  })
  return last
}

function versionOf(object: unknown): string | undefined {
  const metadata = isObject(object) ? object['metadata'] : undefined
  const version = isObject(metadata) ? metadata['resourceVersion'] : undefined
  return typeof version === 'string' ? version : undefined
}
