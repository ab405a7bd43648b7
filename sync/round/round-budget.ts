import { type CpuBudget, createCpuBudget } from '../../keyvault/formats/cpu-budget.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Account } from '../request/account.ts'

/**
 * What converting the values of one account may cost in a round. All accounts share one process, and whoever can write
 * to a vault chooses what its values cost. Forty certificates as OpenSSL exports them take about a twelfth of this.
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
