import { AkvError } from '../../lib/errors/akv-error.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import type { QueueSlot } from '../queue/work-queue.ts'

/** The pace of one round, whose slot in the work queue becomes a slow one before the round waits in the line. */
export interface RoundPace extends Pick<FairPace, 'awaitSlice' | 'hasAllowance' | 'awaitLine'> {
  /**
   * As {@link FairPace.awaitTurn}.
   *
   * @returns whether the round may go on. If not, it has to end, because the queue has no slot for another slow round.
   */
  awaitTurn(namespace: string): Promise<boolean>
  /** Whether the round has waited in the line, or had to end. */
  isSlow(): boolean
}

/** @param options - `onStop`: called when the round has to end. From then on, waiting in the line throws */
export function createRoundPace(
  pace: FairPace,
  { slot, onStop }: { readonly slot: QueueSlot; readonly onStop?: () => void },
): RoundPace {
  let isSlow = false
  function becomeSlow(): boolean {
    isSlow = true
    if (slot.becomeSlow()) return true
    onStop?.()
    return false
  }
  return {
    awaitSlice: pace.awaitSlice,
    hasAllowance: pace.hasAllowance,
    async awaitLine(namespace) {
      if (!becomeSlow()) throw stopped(namespace)
      await pace.awaitLine(namespace)
    },
    async awaitTurn(namespace) {
      if (pace.hasAllowance(namespace)) return true
      if (!becomeSlow()) return false
      await pace.awaitLine(namespace)
      return true
    },
    isSlow: () => isSlow,
  }
}

/** Nobody sees it, because the round runs again. */
const stopped = (namespace: string): AkvError =>
  new AkvError(
    'AKV_SYNC_COSTLY',
    `a round of namespace ${namespace} needs more CPU time than there is now; it runs again`,
  )
