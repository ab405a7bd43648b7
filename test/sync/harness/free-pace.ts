import { setImmediate } from 'node:timers/promises'
import type { FairPace } from '../../../lib/fair/fair-pace.ts'
import type { ReadPace } from '../../../sync/namespace/read-sources.ts'

/** Lets everybody work at once. */
export const freePace: FairPace = {
  charge: () => undefined,
  timeTurn: () => undefined,
  hasAllowance: () => true,
  awaitTurn: async () => undefined,
  awaitSlice: async () => void (await setImmediate()),
  awaitLine: async () => void (await setImmediate()),
}

/** The same for reading sources. */
export const freeReadPace: ReadPace = { ...freePace, awaitTurn: async () => true }
