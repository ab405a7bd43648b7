import type { Connection } from '../../kubernetes/connection.ts'
import { watch } from '../../kubernetes/watch.ts'
import { isObject } from '../../lib/shape.ts'
import type { WatchAccountsOptions } from './cluster-port.ts'
import { readSeenAccount } from './seen-account.ts'

/** The API server ends a watch after this time; that a connection is dead is known a little later. */
const watchSeconds = 240
const quietMs = 270_000

/**
 * One watch of the ServiceAccounts of a namespace, until the API server ends it.
 *
 * @returns the resourceVersion to go on from
 * @throws Error when it breaks off, or has to begin with a list again (410: too old)
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
      // They move the version on where nothing happens, so that it never gets too old.
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
