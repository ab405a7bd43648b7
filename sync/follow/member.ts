import { forEachInSlices } from '../../lib/in-slices.ts'
import type { ObjectList } from '../cluster/cluster-port.ts'
import { deliveredObjects } from '../cluster/watch-objects.ts'
import type { Sink } from './feed.ts'
import { isNewer } from './is-newer.ts'

export interface Followed {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly resourceVersion: string
}

export type Member<T extends Followed> = ReturnType<typeof createMember<T>>

/** What has changed since a list began: versions by name. */
type Listing = Map<string, string>

/** How many objects may change while a list is read. */
const maxChanges = 10_000

/**
 * The objects of one kind in one namespace, as lists and a shared watch bring them. The watch may be behind a list or ahead of
 * it: an older version never replaces a newer one.
 */
export function createMember<T extends Followed>(namespace: string, sink: Sink<T>) {
  const delivered = deliveredObjects(sink)
  const listings = new Set<Listing>()
  let listedVersion = ''
  let lists = 0
  const ended = new AbortController()

  function note(object: T): void {
    if (!ended.signal.aborted) delivered.note(object)
  }
  function drop(name: string): void {
    if (!ended.signal.aborted) delivered.drop(name)
  }
  /** Whether an event brings anything new. */
  function isNews({ name, resourceVersion }: T): boolean {
    if (!isNewer(resourceVersion, listedVersion)) return false
    for (const listing of listings)
      if (listing.size < maxChanges) listing.set(name, resourceVersion)
    return true
  }
  return {
    namespace,
    sink,
    signal: ended.signal,
    end: () => ended.abort(),
    noteEvent: (object: T): void => void (isNews(object) && note(object)),
    dropEvent: (object: T): void => void (isNews(object) && drop(object.name)),
    /** A list is going to be read, while events come. */
    beginList(): Listing {
      const listing: Listing = new Map()
      listings.add(listing)
      return listing
    },
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
      listedVersion = resourceVersion
      lists += 1
      const names = new Set(objects.map(({ name }) => name))
      try {
        await forEachInSlices(delivered.names(), (name) => {
          if (!names.has(name) && !isLater(name)) drop(name)
        })
        await forEachInSlices(objects, (object) => {
          if (!isLater(object.name)) note(object)
        })
      } finally {
        listings.delete(listing)
      }
      return listing.size < maxChanges
    },
    /** How many lists have been taken over. */
    lists: () => lists,
    /** Whether a list is older than what is known. */
    isOutdated: ({ resourceVersion }: ObjectList<T>): boolean =>
      isNewer(listedVersion, resourceVersion),
    /** The list that was to be read has failed. */
    dropList: (listing: Listing): void => void listings.delete(listing),
    /** Delivers all objects of the next list, also those that haven't changed. */
    forgetVersions: delivered.forgetVersions,
  }
}
