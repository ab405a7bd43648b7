import type { ObjectList } from '../../kubernetes/lists/list-objects.ts'
import { deliveredObjects } from '../cluster/watch-objects.ts'
import { forEachInSlices } from '../pace/in-slices.ts'
import type { Sink } from './feed.ts'
import { isNewer } from './is-newer.ts'

export interface Followed {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

/** What has changed since a list began: versions by name. */
type Listing = Map<string, string>

/** How many objects may change while a list is read. */
const maxChanges = 10_000

/**
 * The objects of one kind in one namespace, as lists and a shared watch bring them. The watch may be behind a list or ahead of
 * it: an older version never replaces a newer one.
 */
export class Member<T extends Followed> {
  readonly namespace: string
  readonly sink: Sink<T>
  readonly #delivered: ReturnType<typeof deliveredObjects<T>>
  readonly #listings = new Set<Listing>()
  #listedVersion = ''
  #lists = 0
  readonly #ended = new AbortController()

  constructor(namespace: string, sink: Sink<T>) {
    this.namespace = namespace
    this.sink = sink
    this.#delivered = deliveredObjects(sink)
  }

  /** Aborts when the namespace isn't followed any more. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  end(): void {
    this.#ended.abort()
  }

  noteEvent(object: T): void {
    if (this.#isNews(object)) this.#note(object)
  }

  dropEvent(object: T): void {
    if (this.#isNews(object)) this.#drop(object.name)
  }

  /** A list is going to be read, while events come. */
  beginList(): Listing {
    const listing: Listing = new Map()
    this.#listings.add(listing)
    return listing
  }

  /**
   * Takes over a list, except for what has changed later.
   *
   * @returns false if so much has changed since the list began that the objects have to be listed again
   */
  async replace(
    { objects, resourceVersion }: ObjectList<T>,
    listing: Listing = new Map(),
  ): Promise<boolean> {
    const isLater = (name: string) => isNewer(listing.get(name) ?? '', resourceVersion)
    this.#listedVersion = resourceVersion
    this.#lists += 1
    const names = new Set(objects.map(({ name }) => name))
    try {
      await forEachInSlices(this.#delivered.names(), (name) => {
        if (!names.has(name) && !isLater(name)) this.#drop(name)
      })
      await forEachInSlices(objects, (object) => {
        if (!isLater(object.name)) this.#note(object)
      })
    } finally {
      this.#listings.delete(listing)
    }
    return listing.size < maxChanges
  }

  /** How many lists have been taken over. */
  lists(): number {
    return this.#lists
  }

  /** Whether a list is older than what is known. */
  isOutdated({ resourceVersion }: ObjectList<T>): boolean {
    return isNewer(this.#listedVersion, resourceVersion)
  }

  /** The list that was to be read has failed. */
  dropList(listing: Listing): void {
    this.#listings.delete(listing)
  }

  /** Delivers all objects of the next list, also those that haven't changed. */
  forgetVersions(): void {
    this.#delivered.forgetVersions()
  }

  /** Whether an event brings anything new. */
  #isNews({ name, resourceVersion }: T): boolean {
    if (!isNewer(resourceVersion, this.#listedVersion)) return false
    for (const listing of this.#listings)
      if (listing.size < maxChanges) listing.set(name, resourceVersion)
    return true
  }

  #note(object: T): void {
    if (!this.#ended.signal.aborted) this.#delivered.note(object)
  }

  #drop(name: string): void {
    if (!this.#ended.signal.aborted) this.#delivered.drop(name)
  }
}
