import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import { pluralOf } from '../../lib/count-of.ts'
import type { Selection, WatchOptions } from '../cluster/cluster-port.ts'
import { followAll } from '../cluster/watch-objects.ts'
import type { Feed, FeedOptions, Sink } from './feed.ts'
import { type Followed, Member } from './member.ts'
import { createNoisyNamespaces, type NoisyNamespaces } from './noisy.ts'
import { createOwnLists, type OwnLists } from './own-lists.ts'
import { createSharedList, type SharedList } from './shared-list.ts'

/** How often a namespace is listed that is left out of the shared watch. */
const leftOutPauseMs = 60_000

/**
 * Follows the objects of one kind with one list and one watch of the whole cluster. A namespace that becomes ours later is listed
 * on its own. So is one whose objects cost too much, again and again.
 */
export class SharedFeed<T extends Followed> implements Feed<T> {
  readonly #options: FeedOptions<T>
  readonly #members = new Map<string, Member<T>>()
  readonly #noisy: NoisyNamespaces
  readonly #ownLists: OwnLists<T>
  #list: SharedList<T>
  /** Ends the watch that is running, to begin one that leaves out other namespaces. */
  #restart = new AbortController()
  #isListed = false
  #following: Promise<void> | undefined

  constructor(options: FeedOptions<T>) {
    this.#options = options
    this.#noisy = createNoisyNamespaces(options.clock)
    this.#ownLists = createOwnLists({
      ...options,
      pauseMs: ({ namespace }) => (this.#noisy.has(namespace) ? leftOutPauseMs : undefined),
    })
    this.#list = this.#newList()
  }

  begin(namespace: string, sink: Sink<T>): void {
    const member = new Member(namespace, sink)
    this.#members.set(namespace, member)
    if (this.#following !== undefined) this.#ownLists.request(member)
  }

  end(namespace: string): void {
    this.#members.get(namespace)?.end()
    this.#members.delete(namespace)
  }

  listAgain(namespace: string): void {
    const member = this.#members.get(namespace)
    member?.forgetVersions()
    if (member && this.#following !== undefined) this.#ownLists.request(member)
  }

  start(): void {
    this.#following ??= this.#follow()
  }

  problem(): string | undefined {
    return this.#isListed
      ? undefined
      : `the ${pluralOf(this.#options.kind)} have not been listed yet`
  }

  async ended(): Promise<void> {
    await this.#following
    await this.#ownLists.ended()
  }

  #follow(): Promise<void> {
    return followAll<T>({
      ...this.#options,
      namespace: '',
      list: () => this.#listAll(),
      watch: (watched) => this.#watch(watched),
      seen: {
        note: (object) => this.#deliver(object, (member) => member.noteEvent(object)),
        drop: (_, object) => this.#deliver(object, (member) => member.dropEvent(object)),
        replace: (all: ObjectList<T>) => this.#list.deliver(all, (member) => this.#isFed(member)),
      },
      onListed: () => this.#onListed(),
      onAbsent: () => this.#tellListing((sink) => sink.onAbsent?.()),
      onFailed: () => this.#tellListing((sink) => sink.onFailed?.()),
      shouldListAgain: () => this.#listSome(),
    })
  }

  #listAll(): Promise<ObjectList<T>> {
    const list = this.#newList()
    this.#list = list
    return this.#options.requests.list('', list.reduce, this.#selectionOf(list.takes))
  }

  #newList(): SharedList<T> {
    const fed = [...this.#members.values()].filter((member) => this.#isFed(member))
    return createSharedList(fed, { onFailed: (member) => this.#ownLists.request(member) })
  }

  #watch(watched: WatchOptions<T>): Promise<string> {
    this.#noisy.letReturn()
    this.#restart = new AbortController()
    const selection = this.#selectionOf((namespace) => this.#members.has(namespace))
    return this.#options.requests.watch({ ...watched, selection, restart: this.#restart.signal })
  }

  #selectionOf(isOurs: Selection['isOurs']): Selection {
    return {
      isOurs,
      onAsking: this.#options.onAsking,
      onCost: (namespace, microseconds) => this.#onCost(namespace, microseconds),
      leftOut: this.#noisy.names,
    }
  }

  #onCost(namespace: string, microseconds: number): void {
    const member = this.#members.get(namespace)
    if (member) this.#options.pace.charge(namespace, microseconds)
    if (!this.#noisy.isTooMuch(namespace, microseconds)) return
    this.#restart.abort()
    if (member) this.#ownLists.request(member)
  }

  /** Whether the shared list and the shared watch bring the objects of a member. */
  #isFed({ namespace, signal }: Member<T>): boolean {
    return !signal.aborted && !this.#noisy.has(namespace)
  }

  /** One namespace with too many objects must not end the watch of all others. Its own list fails, too, and says why. */
  #deliver({ namespace }: T, deliverTo: (member: Member<T>) => void): void {
    const member = this.#members.get(namespace)
    if (member === undefined || !this.#isFed(member)) return
    try {
      deliverTo(member)
    } catch {
      this.#ownLists.request(member)
    }
  }

  #onListed(): void {
    this.#isListed = true
    for (const member of this.#list.members()) if (this.#isFed(member)) member.sink.onListed()
  }

  #tellListing(tell: (sink: Sink<T>) => void): void {
    for (const { sink } of this.#list.members()) tell(sink)
  }

  /** Lists the members that want it. The list of the whole cluster need not be repeated for them. */
  #listSome(): false {
    for (const member of this.#members.values())
      if (member.sink.shouldListAgain?.()) this.#ownLists.request(member)
    return false
  }
}
