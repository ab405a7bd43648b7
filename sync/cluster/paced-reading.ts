import { setImmediate } from 'node:timers/promises'
import { createFairLimit } from '../../lib/fair/fair-limit.ts'
import type { FairPace } from '../pace/fair-pace.ts'

/** Waits until there is time for work that takes about so many microseconds. */
export type AwaitTurn = (microseconds: number) => Promise<void>

/** How the requests of one namespace wait for others. */
export interface PageTurns {
  /** Runs the request for a page of a list when its turn comes. */
  readonly inTurn: <T>(request: () => Promise<T>) => Promise<T>
  /** What reading a page has cost is charged on its own. */
  readonly awaitTurn: AwaitTurn
}

/** For all namespaces that are listed by themselves. */
const pagesAtOnce = 2

/** How long the objects of all namespaces are read without a break. */
const sliceMicroseconds = 5_000

/**
 * Lets namespaces take turns. A list of the whole cluster waits for nobody, because everybody waits for it, but lets the event loop
 * turn.
 */
export function createPageTurns(pace?: FairPace): (namespace: string) => PageTurns {
  const limit = createFairLimit(pagesAtOnce)
  return (namespace) =>
    namespace === ''
      ? { inTurn: (request) => request(), awaitTurn: createSlices() }
      : {
          inTurn: (request) => limit({ address: '', namespace }, request),
          awaitTurn: async (microseconds) => await pace?.awaitTurn(namespace, microseconds),
        }
}

function createSlices(): AwaitTurn {
  let spent = 0
  return async (microseconds) => {
    spent += microseconds
    if (spent < sliceMicroseconds) return
    spent = 0
    await setImmediate()
  }
}
