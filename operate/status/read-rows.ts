import { readSeenClass } from '../../requests/class/seen-class.ts'
import type { Cluster } from '../cluster/open-cluster.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import { askAgents } from '../cluster/pods/ask-agents.ts'
import {
  accountKind,
  classKind,
  externalSecretKind,
  listIfAllowed,
} from '../cluster/sync/list-sources.ts'
import { readRolledOutAccount } from '../cluster/sync/rolled-out-account.ts'
import { readSyncedAccount } from '../cluster/sync/synced-account.ts'
import { accountRow, classRow } from './account-row.ts'
import { externalSecretRow } from './external-secret-row.ts'
import { podRow } from './pod-row.ts'
import { rolloutRows } from './rollout-rows.ts'
import type { StatusRow } from './status-row.ts'

/**
 * Asks the agents of the pods, and returns a row for each. Pods that the kubelet reports as failing or waiting come
 * first.
 *
 * @param onRow - called with each row as soon as its agent has answered. `hideProgress` hides the progress, so that
 * lines can be printed
 */
export async function podRows(
  cluster: Cluster,
  pods: readonly AgentPod[],
  onRow: (row: StatusRow, hideProgress: () => void) => void,
): Promise<readonly StatusRow[]> {
  const sorted = pods.toSorted(likelyWorst)
  const rows = await askAgents(cluster, sorted, ({ pod, asked }, hideProgress) => {
    const row = podRow(pod, asked)
    if (row === undefined || isOver(pod, row)) return []
    // The other dead pods of its workload aren't known yet.
    if (!pod.hasEnded) onRow(row, hideProgress)
    return [{ row, pod }]
  })
  const live = rows.flat().filter(({ pod }) => !pod.hasEnded)
  const dead = rows.flat().filter(({ pod }) => pod.hasEnded)
  return [...live.map(({ row }) => row), ...foldDead(dead)]
}

/** Controllers leave the pods that have failed, so there may be many of one workload. They become one row for each code. */
function foldDead(
  dead: readonly { readonly row: StatusRow; readonly pod: AgentPod }[],
): readonly StatusRow[] {
  const groups = Map.groupBy(dead, ({ row: { namespace, workload, code } }) =>
    JSON.stringify([namespace, workload, code]),
  )
  return [...groups.values()].flatMap((group) => {
    const [newest, ...others] = group.toSorted((a, b) => b.pod.createdAtMs - a.pod.createdAtMs)
    if (newest === undefined) return []
    return [others.length === 0 ? newest.row : { ...newest.row, otherDead: others.length }]
  })
}

/**
 * A row that reserves the widths of the columns, as long as the agent of a pod hasn't answered.
 */
export function rowBefore(pod: AgentPod): readonly StatusRow[] {
  const { createdAtMs: sinceMs } = pod
  const row = podRow(pod, { kind: 'starting', code: 'AKV_VAULT_UNAVAILABLE', sinceMs, why: '' })
  return row === undefined ? [] : [row]
}

/** A pod that has ended holds nothing any more, so it gets a row only if its agent failed. */
const isOver = ({ hasEnded, wasEvicted }: AgentPod, { state }: StatusRow): boolean =>
  hasEnded && (wasEvicted || state !== 'failed')

const likelyWorst = (a: AgentPod, b: AgentPod): number => badness(b) - badness(a)
const badness = ({ state }: AgentPod): number => {
  if (state?.kind === 'waiting') return state.ended ? 3 : 2
  return state?.isReady === true ? 0 : 1
}

/**
 * Returns the rows of everything that Secret sync syncs, and of the workloads that aren't rolled out yet.
 *
 * @param pods - those that were listed, with agents
 */
export async function sourceRows(
  cluster: Cluster,
  selector: string | undefined,
  pods: readonly AgentPod[],
): Promise<readonly StatusRow[]> {
  const list = <T>(
    kind: typeof accountKind,
    read: (object: unknown) => T | undefined,
    chosen = selector,
  ) => listIfAllowed(cluster, kind, { selector: chosen, read })
  const annotated = await list(accountKind, readAnnotated)
  const accounts = annotated?.flatMap(({ synced }) => synced ?? [])
  const held = annotated?.flatMap(({ rolledOut }) => rolledOut ?? []) ?? []
  const rows = held.flatMap((account) => rolloutRows(account, pods))
  // The Secrets of a class are in the status of an account, which the selector may not match, so these accounts are
  // read without it.
  const ofClasses =
    selector === undefined ? accounts : await list(accountKind, readSyncedAccount, '')
  if (ofClasses?.length === 0) return rows
  const externalSecrets = await list(externalSecretKind, externalSecretRow)
  const classes = await list(classKind, (object) => {
    const [seen] = readSeenClass(object)
    if (seen === undefined || seen.content.kind === 'nothing') return undefined
    const { namespace, name, content } = seen
    return classRow({ namespace, name, claims: content.claims }, ofClasses ?? [])
  })
  return [
    ...rows,
    ...(accounts ?? []).map(accountRow),
    ...(externalSecrets ?? []),
    ...(classes ?? []),
  ]
}

/** What an account holds for Secret sync, and for roll-outs. */
function readAnnotated(account: unknown) {
  const synced = readSyncedAccount(account)
  const rolledOut = readRolledOutAccount(account)
  return synced === undefined && rolledOut === undefined ? undefined : { synced, rolledOut }
}
