import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import { followAll } from '../cluster/watch-objects.ts'
import type { Feed, FeedOptions, Sink } from './feed.ts'
import { type Followed, Member } from './member.ts'
import { createOwnLists, type OwnLists } from './own-lists.ts'

/** How many namespaces have a watch of their own, each of which keeps a connection open. */
const maxWatches = 20
/** How often all others are listed: not more often than this, and not more of them in a second. */
const pollMs = 30_000
const listsPerSecond = 10

/**
 * Follows the objects of one kind where the controller may not list or watch the whole cluster: with a watch for each namespace, and
 * without one for those beyond a number, which are listed in turns.
 */
export class SeparateFeed<T extends Followed> implements Feed<T> {
  readonly #options: FeedOptions<T>
  readonly #members = new Map<string, Member<T>>()
  readonly #watched = new Map<Member<T>, Promise<void>>()
  readonly #ownLists: OwnLists<T>
  /** The namespaces whose first list isn't done yet. */
  readonly #first = new Set<string>()
  #hasStarted = false

  constructor(options: FeedOptions<T>) {
    this.#options = options
    this.#ownLists = createOwnLists<T>({
      ...options,
      requests: { list: (namespace, reduce) => this.#list(namespace, reduce) },
      pauseMs: (member) => this.#pauseMs(member),
    })
  }

  begin(namespace: string, sink: Sink<T>): void {
    const member = new Member(namespace, sink)
    this.#members.set(namespace, member)
    if (this.#hasStarted) this.#followOrList([member])
  }

  end(namespace: string): void {
    const member = this.#members.get(namespace)
    if (member === undefined) return
    member.end()
    this.#members.delete(namespace)
    this.#watched.delete(member)
    this.#first.delete(namespace)
    if (this.#hasStarted) this.#follow()
  }

  listAgain(namespace: string): void {
    const member = this.#members.get(namespace)
    member?.forgetVersions()
    if (member && this.#hasStarted) this.#ownLists.request(member)
  }

  start(): void {
    if (this.#hasStarted) return
    this.#hasStarted = true
    for (const namespace of this.#members.keys()) this.#first.add(namespace)
    this.#followOrList(this.#members.values())
  }

  problem(): string | undefined {
    return this.#hasStarted && this.#first.size === 0
      ? undefined
      : `the objects of kind ${this.#options.kind} have not been listed yet in ${this.#first.size} namespaces`
  }

  async ended(): Promise<void> {
    await Promise.all(this.#watched.values())
    await this.#ownLists.ended()
  }

  #followOrList(members: Iterable<Member<T>>): void {
    this.#follow()
    for (const member of members) if (!this.#watched.has(member)) this.#ownLists.request(member)
  }

  /** Gives free watches to the members that have been waiting longest. */
  #follow(): void {
    for (const member of this.#members.values()) {
      if (this.#watched.size >= maxWatches) return
      if (!this.#watched.has(member)) this.#watched.set(member, this.#watch(member))
    }
  }

  #watch(member: Member<T>): Promise<void> {
    const { namespace, sink } = member
    return followAll<T>({
      ...this.#options,
      ...sink,
      namespace,
      signal: AbortSignal.any([this.#options.signal, member.signal]),
      list: () => this.#list(namespace, sink.reducer?.()),
      watch: this.#options.requests.watch,
      seen: {
        note: (object) => member.noteEvent(object),
        drop: (_, object) => member.dropEvent(object),
        replace: async (list) => void (await member.replace(list)),
      },
    })
  }

  #list(namespace: string, reduce?: (object: T) => T): Promise<ObjectList<T>> {
    const listed = this.#options.requests.list(namespace, reduce)
    return listed.finally(() => this.#first.delete(namespace))
  }

  /** How long to wait before the objects of a member without a watch are listed again. */
  #pauseMs(member: Member<T>): number | undefined {
    if (this.#watched.has(member)) return undefined
    const unwatched = this.#members.size - this.#watched.size
    return Math.max(pollMs, (unwatched * 1000) / listsPerSecond)
  }
}
