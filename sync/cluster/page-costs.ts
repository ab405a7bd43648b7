import type { Clock } from '../../lib/clock.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'

/** How long it has taken to read pages of lists. */
export interface PageCosts {
  /** Notes how long it took to read the bytes of a page. A collection is read by one list at a time. */
  readonly note: (path: string, microseconds: number) => void
  /** How long the last page of the collection has taken, with all that was done since its bytes were read. */
  readonly take: (path: string) => number
  /** Charges a namespace for its objects. */
  readonly charge: (namespace: string, microseconds: number) => void
}

export function createPageCosts({
  pace,
  clock,
}: {
  readonly pace?: Pick<FairPace, 'charge'> | undefined
  readonly clock: Pick<Clock, 'now'>
}): PageCosts {
  const last = new Map<string, { readonly microseconds: number; readonly atMs: number }>()
  return {
    note: (path, microseconds) => void last.set(path, { microseconds, atMs: clock.now() }),
    take(path) {
      const page = last.get(path)
      last.delete(path)
      return page === undefined ? 0 : page.microseconds + (clock.now() - page.atMs) * 1000
    },
    charge: (namespace, microseconds) => pace?.charge(namespace, microseconds),
  }
}
