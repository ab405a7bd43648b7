import { countOf } from '../../lib/count-of.ts'
import { listNames } from '../../lib/list-names.ts'
import { heldBack } from '../../requests/rollouts/held-back.ts'
import { heldReasons } from '../../requests/rollouts/rollout-names.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import type { RolledOutAccount } from '../cluster/sync/rolled-out-account.ts'
import type { StatusRow } from './status-row.ts'

const maxNamed = 3

/** Makes a row of each workload whose pods hold an old version, and why it isn't rolled out. */
export const rolloutRows = (
  account: RolledOutAccount,
  pods: readonly AgentPod[],
): readonly StatusRow[] =>
  heldBack(account.record).flatMap((workload) => heldRow(account, { workload, pods }))

function heldRow(
  { namespace, name: serviceAccount, record }: RolledOutAccount,
  {
    workload: { name: workload, throughMs, held },
    pods,
  }: {
    readonly workload: ReturnType<typeof heldBack>[number]
    readonly pods: readonly AgentPod[]
  },
): readonly StatusRow[] {
  // Whoever may write the account can write any name.
  const [, kind, name] = /^([A-Za-z]{1,63})\/([a-z0-9.-]{1,253})$/.exec(workload) ?? []
  if (kind === undefined || name === undefined) return []
  const all = [...record.objects].flatMap(([object, { changedMs }]) =>
    changedMs === undefined ? [] : [{ object, changedMs }],
  )
  const later = all.filter(({ changedMs }) => changedMs > (throughMs ?? record.sinceMs))
  // After a roll-out that was undone, nothing is later.
  const changes = later.length > 0 ? later : all
  const newestMs = Math.max(...changes.map(({ changedMs }) => changedMs))
  const old = pods.filter(
    (pod) =>
      [pod.namespace, pod.serviceAccount, pod.workload].join(' ') ===
        [namespace, serviceAccount, workload].join(' ') &&
      !pod.hasEnded &&
      pod.createdAtMs <= newestMs,
  )
  const objects = changes.map(({ object }) => object)
  const vaults = objects.flatMap((object) => /^([a-z0-9-]+):/i.exec(object)?.[1] ?? [])
  return [
    {
      ...{ kind, namespace, name, state: 'stale', sinceMs: held.sinceMs },
      why: `${whichPods(old)} an old version of ${listNames(objects, maxNamed) || 'an object'}: ${heldReasons[held.why]}`,
      vaults: [...new Set(vaults)].toSorted(),
      objects: objects.length,
      ...{ olderVariables: [], failures: [] },
    },
  ]
}

/** Pods without an agent, which use a synced Secret, aren't known here. */
function whichPods(old: readonly AgentPod[]): string {
  if (old.length === 0) return 'pods hold'
  const names = old.map(({ name }) => name).toSorted()
  return `${countOf(old.length, 'pod')} (${listNames(names, maxNamed)}) ${old.length === 1 ? 'holds' : 'hold'}`
}
