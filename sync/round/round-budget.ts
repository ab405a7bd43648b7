import { type CpuBudget, createCpuBudget } from '../../lib/cpu-budget.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import type { Account } from '../../requests/account/account.ts'
import type { FairPace } from '../pace/fair-pace.ts'

/**
 * The CPU time that one account may use in a round to convert its values. All accounts share one process, and anyone who
 * can write to a vault can store values that are expensive to convert. Forty certificates exported by OpenSSL take about a
 * twelfth of this.
 */
const microseconds = 2_000_000
/** Beyond this, the conversions of all accounts wait in one line, and let others go on after each part of this length. */
const freeMicroseconds = 10_000
const partMicroseconds = 5_000

/** A new budget for one round of one account. */
export function roundBudget(
  { namespace, name }: Pick<Account, 'namespace' | 'name'>,
  { awaitLine, awaitSlice }: Pick<FairPace, 'awaitLine' | 'awaitSlice'>,
): CpuBudget {
  let spent = 0
  let sinceLine = 0
  const budget = createCpuBudget({
    microseconds,
    exhausted: () =>
      new AkvError(
        'AKV_SYNC_COSTLY',
        `ServiceAccount ${namespace}/${name}: converting its values takes more than ${microseconds / 1_000_000} s of CPU time in one round`,
      ),
    async giveWay() {
      if (spent <= freeMicroseconds || sinceLine < partMicroseconds)
        return await awaitSlice(namespace)
      const part = sinceLine
      sinceLine = 0
      await awaitLine(namespace, part)
    },
  })
  return {
    ...budget,
    charge(microseconds) {
      budget.charge(microseconds)
      spent += microseconds
      sinceLine += microseconds
    },
  }
}
