import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import { pluralOf } from '../../lib/count-of.ts'
import type { Selection } from '../cluster/cluster-port.ts'
import { followAll } from '../cluster/watch-objects.ts'
import type { Feed, FeedOptions } from './feed.ts'
import { type Followed, Member } from './member.ts'
import { createNoisyNamespaces } from './noisy.ts'
import { createOwnLists } from './own-lists.ts'
import { createSharedList } from './shared-list.ts'

/** How often a namespace is listed that is left out of the shared watch. */
const leftOutPauseMs = 60_000

/**
 * Follows the objects of one kind with one list and one watch of the whole cluster. A namespace that becomes ours later is listed
 * on its own. So is one whose objects cost too much, again and again.
 */
export function createSharedFeed<T extends Followed>(options: FeedOptions<T>): Feed<T> {
  const { kind, requests, clock, pace } = options
  const members = new Map<string, Member<T>>()
  const noisy = createNoisyNamespaces(clock)
  const isFed = ({ namespace, signal }: Member<T>) => !signal.aborted && !noisy.has(namespace)
  const ownLists = createOwnLists({
    ...options,
    pauseMs: ({ namespace }) => (noisy.has(namespace) ? leftOutPauseMs : undefined),
  })
  const newList = () =>
    createSharedList([...members.values()].filter(isFed), { onFailed: ownLists.request })
  let list = newList()
  let restart = new AbortController()
  let isListed = false
  let following: Promise<void> | undefined

  const selectionOf = (isOurs: Selection['isOurs']): Selection => ({
    isOurs,
    onAsking: options.onAsking,
    onCost(namespace, microseconds) {
      const member = members.get(namespace)
      if (member) pace.charge(namespace, microseconds)
      if (!noisy.isTooMuch(namespace, microseconds)) return
      restart.abort()
      if (member) ownLists.request(member)
    },
    leftOut: noisy.names,
  })
  /** One namespace with too many objects must not end the watch of all others. Its own list fails, too, and says why. */
  function toMember({ namespace }: T, deliver: (member: Member<T>) => void): void {
    const member = members.get(namespace)
    if (member === undefined || !isFed(member)) return
    try {
      deliver(member)
    } catch {
      ownLists.request(member)
    }
  }
  const follow = () =>
    followAll<T>({
      ...options,
      namespace: '',
      list() {
        list = newList()
        return requests.list('', list.reduce, selectionOf(list.takes))
      },
      watch(watched) {
        noisy.letReturn()
        restart = new AbortController()
        const selection = selectionOf((namespace) => members.has(namespace))
        return requests.watch({ ...watched, selection, restart: restart.signal })
      },
      seen: {
        note: (object) => toMember(object, (member) => member.noteEvent(object)),
        drop: (_, object) => toMember(object, (member) => member.dropEvent(object)),
        replace: (all: ObjectList<T>) => list.deliver(all, isFed),
      },
      onListed() {
        isListed = true
        for (const member of list.members()) if (isFed(member)) member.sink.onListed()
      },
      onAbsent() {
        for (const { sink } of list.members()) sink.onAbsent?.()
      },
      onFailed() {
        for (const { sink } of list.members()) sink.onFailed?.()
      },
      shouldListAgain() {
        for (const member of members.values())
          if (member.sink.shouldListAgain?.()) ownLists.request(member)
        return false
      },
    })
  return {
    begin(namespace, sink) {
      const member = new Member(namespace, sink)
      members.set(namespace, member)
      if (following !== undefined) ownLists.request(member)
    },
    end(namespace) {
      members.get(namespace)?.end()
      members.delete(namespace)
    },
    listAgain(namespace) {
      const member = members.get(namespace)
      member?.forgetVersions()
      if (member && following !== undefined) ownLists.request(member)
    },
    start() {
      following ??= follow()
    },
    problem: () => (isListed ? undefined : `the ${pluralOf(kind)} have not been listed yet`),
    async ended() {
      await following
      await ownLists.ended()
    },
  }
}
