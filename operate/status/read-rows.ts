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
import { readSyncedAccount } from '../cluster/sync/synced-account.ts'
import { accountRow, classRow } from './account-row.ts'
import { externalSecretRow } from './external-secret-row.ts'
import { podRow } from './pod-row.ts'
import type { StatusRow } from './status-row.ts'

/**
 * The rows of pods. Those that the kubelet has seen fail or wait are asked first.
 *
 * @param onRow - called for each row as soon as its agent has answered; `hideProgress` makes room for lines
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
    onRow(row, hideProgress)
    return [row]
  })
  return rows.flat()
}

/** The row of a pod before its agent has answered, as wide as the answer may make it. */
export function rowBefore(pod: AgentPod): readonly StatusRow[] {
  const { createdAtMs: sinceMs } = pod
  const row = podRow(pod, { kind: 'starting', code: 'AKV_VAULT_UNAVAILABLE', sinceMs, why: '' })
  return row === undefined ? [] : [row]
}

/** A pod that has ended holds nothing any more. It is worth a row only if its agent has failed. */
const isOver = ({ hasEnded }: AgentPod, { state }: StatusRow): boolean =>
  hasEnded && state !== 'failed'

const likelyWorst = (a: AgentPod, b: AgentPod): number => badness(b) - badness(a)
const badness = ({ state }: AgentPod): number => {
  if (state?.kind === 'waiting') return state.ended ? 3 : 2
  return state?.isReady === true ? 0 : 1
}

/** The rows of what Secret sync syncs. */
export async function sourceRows(
  cluster: Cluster,
  selector: string | undefined,
): Promise<readonly StatusRow[]> {
  const list = <T>(
    kind: typeof accountKind,
    read: (object: unknown) => T | undefined,
    chosen = selector,
  ) => listIfAllowed(cluster, kind, { selector: chosen, read })
  const accounts = await list(accountKind, readSyncedAccount)
  // All Secrets of a class are in the status of an account, which the selector may leave out.
  const ofClasses =
    selector === undefined ? accounts : await list(accountKind, readSyncedAccount, '')
  if (ofClasses?.length === 0) return []
  const externalSecrets = await list(externalSecretKind, externalSecretRow)
  const classes = await list(classKind, (object) => {
    const [seen] = readSeenClass(object)
    if (seen === undefined || seen.content.kind === 'nothing') return undefined
    const { namespace, name, content } = seen
    return classRow({ namespace, name, claims: content.claims }, ofClasses ?? [])
  })
  return [...(accounts ?? []).map(accountRow), ...(externalSecrets ?? []), ...(classes ?? [])]
}
