import { setImmediate } from 'node:timers/promises'

/**
 * Accounts for the CPU time that values cost to convert. Costs are estimates in microseconds of one core, derived from
 * the input alone, so that the same input is accepted or refused on every machine.
 */
export interface CpuBudget {
  /** Charges for work that is about to begin. Throws what `exhausted` gives when the budget doesn't cover it. */
  charge(microseconds: number): void
  /** Lets the rest of the process run. For work that was charged at once and takes longer than a slice. */
  yieldNow(): Promise<void>
  /** The same, if a slice has been charged since the last time. Call it between steps of work. */
  yieldIfDue(): Promise<void>
}

export interface CpuBudgetOptions {
  /** Absent: unlimited. */
  readonly microseconds?: number
  readonly exhausted?: () => Error
  /** Gives way to everything else that the event loop has to do. */
  readonly giveWay?: () => Promise<void>
}

/** How long conversions may occupy the event loop before they give way. */
const sliceMicroseconds = 500

export function createCpuBudget(options: CpuBudgetOptions = {}): CpuBudget {
  const {
    microseconds: limit = Number.POSITIVE_INFINITY,
    exhausted = () => new RangeError('the CPU budget is used up'),
    giveWay = setImmediate,
  } = options
  let left = limit
  let sinceYield = 0
  const yieldNow = async () => {
    sinceYield = 0
    await giveWay()
  }
  return {
    yieldNow,
    charge(microseconds) {
      // Work that doesn't fit takes nothing, so that something smaller behind it may still fit.
      if (microseconds > left) throw exhausted()
      left -= microseconds
      sinceYield += microseconds
    },
    async yieldIfDue() {
      if (sinceYield >= sliceMicroseconds) await yieldNow()
    },
  }
}
