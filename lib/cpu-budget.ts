import { setImmediate } from 'node:timers/promises'

export type CpuBudget = ReturnType<typeof createCpuBudget>

interface CpuBudgetOptions {
  /** Unlimited if absent. */
  readonly microseconds?: number
  readonly exhausted?: () => Error
  /** Lets the event loop do all its other work. */
  readonly giveWay?: () => Promise<void>
}

/**
 * How long conversions may occupy the event loop without a break. Fetching for somebody else in the same
 * process takes about twenty turns of the loop and 30 ms, and may wait for such a slice in each of them.
 */
const sliceMicroseconds = 200

/**
 * Counts the CPU time that converting values costs. Costs are estimates in microseconds of one core. They depend only
 * on the input, so every machine accepts and refuses the same input.
 */
export function createCpuBudget(options: CpuBudgetOptions = {}) {
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
    /** Lets the rest of the process run. Call it during work that was charged at once and takes longer than a slice. */
    yieldNow,
    /** Charges for work before it begins. Throws the error of `exhausted` if the budget doesn't cover the work. */
    charge(microseconds: number): void {
      // Work that is refused isn't charged, so that smaller work after it may still fit.
      if (microseconds > left) throw exhausted()
      left -= microseconds
      sinceYield += microseconds
    },
    /** Does the same as `yieldNow` if a slice has been charged since the last time. Call it between steps of work. */
    async yieldIfDue(): Promise<void> {
      if (sinceYield >= sliceMicroseconds) await yieldNow()
    },
  }
}
