import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'

export interface CountingBudget {
  readonly budget: CpuBudget
  /** What was charged so far: how often, and how many microseconds in all. */
  readonly charged: { readonly times: number; readonly microseconds: number }
}

/** A budget that covers everything and counts what is charged to it. */
export function countingBudget(): CountingBudget {
  const charged = { times: 0, microseconds: 0 }
  const budget = {
    ...createCpuBudget(),
    charge(microseconds: number) {
      charged.times += 1
      charged.microseconds += microseconds
    },
  }
  return { budget, charged }
}
