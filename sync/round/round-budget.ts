import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { FairPace } from '../../lib/fair/fair-pace.ts'
import type { Account } from '../../requests/account/account.ts'

/**
 * The CPU time that one account may use in a round to convert its values. All accounts share one process, and anyone who
 * can write to a vault can store values that are expensive to convert. Forty certificates exported by OpenSSL take about a
 * twelfth of this.
 */
const microseconds = 2_000_000

/**
 * A new budget for one round of one account. What conversions may cost is estimated, so it is the same on each machine. How they
 * share the process with others depends on what they have taken.
 */
export function roundBudget(
  { namespace, name }: Pick<Account, 'namespace' | 'name'>,
  pace: Pick<FairPace, 'hasAllowance' | 'awaitLine' | 'awaitSlice'>,
): CpuBudget {
  return createCpuBudget({
    microseconds,
    exhausted: () =>
      new AkvError(
        'AKV_SYNC_COSTLY',
        `ServiceAccount ${namespace}/${name}: converting its values takes more than ${microseconds / 1_000_000} s of CPU time in one round`,
      ),
    async giveWay() {
      if (!pace.hasAllowance(namespace)) await pace.awaitLine(namespace)
      await pace.awaitSlice(namespace)
    },
  })
}
