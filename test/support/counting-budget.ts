import { setImmediate } from 'node:timers/promises'
import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'

export interface CountingBudget {
  readonly budget: CpuBudget
  /** What was charged so far: how often, and how many microseconds in all. */
  readonly charged: { readonly times: number; readonly microseconds: number }
}

/**
 * A budget that covers everything and counts what is charged to it.
 *
 * @param giveWay - called when a turn of the event loop ends, as {@link createCpuBudget} says
 */
export function countingBudget(giveWay: () => Promise<void> = setImmediate): CountingBudget {
  const charged = { times: 0, microseconds: 0 }
  const counted = createCpuBudget({ giveWay })
  const budget = {
    ...counted,
    charge(microseconds: number) {
      charged.times += 1
      charged.microseconds += microseconds
      counted.charge(microseconds)
    },
  }
  return { budget, charged }
}
