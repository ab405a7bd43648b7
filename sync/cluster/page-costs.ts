import type { FairPace } from '../pace/fair-pace.ts'

/** What reading pages of lists has cost, in microseconds of one core. */
export interface PageCosts {
  /** Notes what reading a page has cost. A collection is read by one list at a time. */
  readonly note: (path: string, microseconds: number) => void
  /** What reading the last page of the collection has cost. */
  readonly take: (path: string) => number
  /** Charges a namespace for its objects. */
  readonly charge: (namespace: string, microseconds: number) => void
}

export function createPageCosts(pace?: Pick<FairPace, 'charge'>): PageCosts {
  const last = new Map<string, number>()
  return {
    note: (path, microseconds) => void last.set(path, microseconds),
    take(path) {
      const microseconds = last.get(path) ?? 0
      last.delete(path)
      return microseconds
    },
    charge: (namespace, microseconds) => pace?.charge(namespace, microseconds),
  }
}
