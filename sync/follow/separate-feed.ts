import { followAll } from '../cluster/watch-objects.ts'
import type { Feed, FeedOptions } from './feed.ts'
import { type Followed, Member } from './member.ts'
import { createOwnLists } from './own-lists.ts'

/** How many namespaces have a watch of their own, each of which keeps a connection open. */
const maxWatches = 20
/** How often all others are listed: not more often than this, and not more of them in a second. */
const pollMs = 30_000
const listsPerSecond = 10

/**
 * Follows the objects of one kind where the controller may not list or watch the whole cluster: with a watch for each namespace, and
 * without one for those beyond a number, which are listed in turns.
 */
export function createSeparateFeed<T extends Followed>(options: FeedOptions<T>): Feed<T> {
  const { requests } = options
  const members = new Map<string, Member<T>>()
  const watched = new Map<Member<T>, Promise<void>>()
  const first = new Set<string>()
  let hasStarted = false
  const isWatched = (member: Member<T>) => watched.has(member)
  const ownLists = createOwnLists<T>({
    ...options,
    requests: {
      list: (namespace, reduce) =>
        requests.list(namespace, reduce).finally(() => first.delete(namespace)),
    },
    pauseMs: (member) =>
      isWatched(member)
        ? undefined
        : Math.max(pollMs, ((members.size - watched.size) * 1000) / listsPerSecond),
  })
  function watch(member: Member<T>): Promise<void> {
    const { namespace, sink } = member
    return followAll<T>({
      ...options,
      ...sink,
      namespace,
      signal: AbortSignal.any([options.signal, member.signal]),
      list: () => requests.list(namespace, sink.reducer?.()).finally(() => first.delete(namespace)),
      watch: requests.watch,
      seen: {
        note: (object) => member.noteEvent(object),
        drop: (_, object) => member.dropEvent(object),
        replace: async (list) => void (await member.replace(list)),
      },
    })
  }
  /** Gives free watches to the members that have been waiting longest. */
  function follow(): void {
    for (const member of members.values()) {
      if (watched.size >= maxWatches) return
      if (!watched.has(member)) watched.set(member, watch(member))
    }
  }
  return {
    begin(namespace, sink) {
      const member = new Member(namespace, sink)
      members.set(namespace, member)
      if (!hasStarted) return
      follow()
      if (!isWatched(member)) ownLists.request(member)
    },
    end(namespace) {
      const member = members.get(namespace)
      if (member === undefined) return
      member.end()
      members.delete(namespace)
      watched.delete(member)
      first.delete(namespace)
      if (hasStarted) follow()
    },
    listAgain(namespace) {
      const member = members.get(namespace)
      member?.forgetVersions()
      if (member && hasStarted) ownLists.request(member)
    },
    start() {
      if (hasStarted) return
      hasStarted = true
      for (const namespace of members.keys()) first.add(namespace)
      follow()
      for (const member of members.values()) if (!isWatched(member)) ownLists.request(member)
    },
    problem: () =>
      hasStarted && first.size === 0
        ? undefined
        : `the objects of kind ${options.kind} have not been listed yet in ${first.size} namespaces`,
    async ended() {
      await Promise.all(watched.values())
      await ownLists.ended()
    },
  }
}
