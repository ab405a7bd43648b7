import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import { createFairLimit } from '../../lib/fair/fair-limit.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'

/** Waits until there is time for more work. */
export type AwaitTurn = () => Promise<void>

/** How the requests of one namespace wait for others. */
export interface PageTurns {
  /** Runs the request for a page of a list when its turn comes. */
  readonly inTurn: <T>(request: () => Promise<T>) => Promise<T>
  readonly awaitTurn: AwaitTurn
}

/** For all namespaces that are listed by themselves. */
const pagesAtOnce = 2

/** How long the objects of all namespaces are read without a break. */
const sliceMs = 5

/**
 * Lets namespaces take turns. A list of the whole cluster waits for nobody, because everybody waits for it, but lets the event loop
 * turn.
 */
export function createPageTurns({
  pace,
  clock,
}: {
  readonly pace?: Pick<FairPace, 'awaitTurn'> | undefined
  readonly clock: Pick<Clock, 'now'>
}): (namespace: string) => PageTurns {
  const limit = createFairLimit(pagesAtOnce)
  return (namespace) =>
    namespace === ''
      ? { inTurn: (request) => request(), awaitTurn: createSlices(clock) }
      : {
          inTurn: (request) => limit({ address: '', namespace }, request),
          awaitTurn: async () => await pace?.awaitTurn(namespace),
        }
}

function createSlices({ now }: Pick<Clock, 'now'>): AwaitTurn {
  let beganAtMs = now()
  return async () => {
    if (now() - beganAtMs < sliceMs) return
    await setImmediate()
    beganAtMs = now()
  }
}
