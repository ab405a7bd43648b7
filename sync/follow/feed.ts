import type { Clock } from '../../lib/clock.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import type { Log } from '../../lib/log/log.ts'
import type { ApiServerOutage } from '../cluster/api-server-outage.ts'
import type { KindRequests } from '../cluster/cluster-port.ts'

/** Who gets the objects of one kind in one namespace. */
export interface Sink<T> {
  /** Returns a function that reduces each object of one list. */
  readonly reducer?: () => (object: T) => T
  /** Called for each object that is new or has changed. False asks to get it again with the next list. */
  readonly onObject: (object: T) => boolean | undefined
  readonly onGone: (name: string) => void
  /** Called after each list, when all objects are known. */
  readonly onListed: () => void
  /** Called when the cluster doesn't know the kind. */
  readonly onAbsent?: () => void
  /** Called when the objects couldn't be listed several times. */
  readonly onFailed?: () => void
  /** Whether to list again. Asked every few minutes. */
  readonly shouldListAgain?: () => boolean
}

/** Follows the objects of one kind in the namespaces that are ours. */
export interface Feed<T> {
  /** Follows the objects of one more namespace. */
  begin(namespace: string, sink: Sink<T>): void
  end(namespace: string): void
  /** Lists the objects of a namespace again, and delivers all of them as if they were new. */
  listAgain(namespace: string): void
  /** Lists and watches. The namespaces that have begun by then are listed first. */
  start(): void
  /** Why the first lists aren't done yet. */
  problem(): string | undefined
  /** Resolves when nothing is followed any more, after the signal has aborted. */
  ended(): Promise<void>
}

export interface FeedOptions<T> {
  readonly kind: string
  readonly requests: KindRequests<T>
  /** Called for each object in a namespace that isn't ours and asks for Secrets. */
  readonly onAsking: (namespace: string) => void
  readonly pace: Pick<FairPace, 'charge'>
  readonly outage: ApiServerOutage
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}
