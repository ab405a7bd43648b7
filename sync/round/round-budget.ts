import { type CpuBudget, createCpuBudget } from '../../keyvault/formats/cpu-budget.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Account } from '../request/account.ts'

/**
 * The CPU time that one account may use in a round to convert its values. All accounts share one process, and anyone who
 * can write to a vault can store values that are expensive to convert. Forty certificates exported by OpenSSL take about a
 * twelfth of this.
 */
const microseconds = 2_000_000

/** A new budget for one round of one account. */
export const roundBudget = ({ namespace, name }: Pick<Account, 'namespace' | 'name'>): CpuBudget =>
  createCpuBudget({
    microseconds,
    exhausted: () =>
      new AkvError({
        code: 'AKV_SYNC_COSTLY',
        message: `ServiceAccount ${namespace}/${name}: converting its values takes more than ${microseconds / 1_000_000} s of CPU time in one round`,
      }),
  })
