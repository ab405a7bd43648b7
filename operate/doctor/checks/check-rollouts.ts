import { countOf } from '../../../lib/count-of.ts'
import { listNames } from '../../../lib/list-names.ts'
import { printable } from '../../../lib/printable.ts'
import type { JsonObject } from '../../../lib/shape.ts'
import { heldBack } from '../../../requests/rollouts/held-back.ts'
import { heldReasons } from '../../../requests/rollouts/rollout-names.ts'
import { readRolledOutAccount } from '../../cluster/sync/rolled-out-account.ts'
import { type CheckResult, failed, passed } from '../model/check-result.ts'
import type { Install } from '../model/find-install.ts'

/** Reasons that don't go away by themselves, and that the owner of the workload didn't choose. */
const needHelp: readonly string[] = ['refused', 'failing', 'daily-limit']

/**
 * Checks the workloads whose pods hold an old version and that aren't rolled out, by the records of the accounts. Others can write
 * these, too, so they are parsed and bounded.
 */
export function checkRollouts(
  accounts: readonly JsonObject[],
  { components: { sync } }: Pick<Install, 'components'>,
): readonly CheckResult[] {
  if (!sync?.args.includes('--rollouts')) return []
  const held = accounts.flatMap((account) => {
    const { namespace, record } = readRolledOutAccount(account) ?? {}
    const workloads = record === undefined ? [] : heldBack(record)
    return workloads.map(({ name, held }) => ({
      title: `${namespace} ${printable(name, 120)}`,
      why: held.why,
    }))
  })
  const stuck = held.filter(({ why }) => needHelp.includes(why))
  const kept = held.length - stuck.length
  return [
    passed(
      kept === 0
        ? 'roll-outs are on'
        : `roll-outs are on; ${countOf(kept, 'workload')} with old pods on purpose or for a while, and akv-injector status says why`,
    ),
    ...[...Map.groupBy(stuck, ({ why }) => why)].map(([why, some]) =>
      failed(
        `${countOf(some.length, 'workload')} with pods that hold an old version: ${listNames(some.map(({ title }) => title))}: ${heldReasons[why]}`,
        'kubectl describe the workload: its Events say more (docs/sync.md, "Roll-outs")',
      ),
    ),
  ]
}
