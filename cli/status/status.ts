import { printLines } from '../../lib/terminal/print-lines.ts'
import { createProgress } from '../../lib/terminal/terminal-progress.ts'
import { readSeenClass } from '../../requests/class/seen-class.ts'
import { type Cluster, type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import { createLogReader } from '../cluster/pods/agent-log.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import { askAgent } from '../cluster/pods/ask-agent.ts'
import { type AgentImageOptions, findAgentImages } from '../cluster/pods/find-agent-images.ts'
import { listAgentPods } from '../cluster/pods/list-pods.ts'
import {
  accountKind,
  classKind,
  externalSecretKind,
  listIfAllowed,
} from '../cluster/sync/list-sources.ts'
import { readSyncedAccount } from '../cluster/sync/synced-account.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { accountRow, classRow } from './account-row.ts'
import { externalSecretRow } from './external-secret-row.ts'
import { podRow } from './pod-row.ts'
import { createStatusTable, statusJson, sumLines } from './status-output.ts'
import { compareRows, isFailing, type StatusRow } from './status-row.ts'

interface StatusOptions extends ClusterOptions, AgentImageOptions {
  readonly selector?: string
  readonly output?: 'text' | 'json'
}

/** Says how each pod and each account is, and exits with 1 if anything fails (docs/specification.md, "Asking a cluster"). */
export async function status(options: StatusOptions): Promise<ExitCode> {
  const { selector, output = 'text' } = options
  const cluster = openCluster(options)
  const images = await findAgentImages(cluster, options)
  const pods = await listAgentPods(cluster, { selector, images })
  const isText = output === 'text'
  const table = createStatusTable(pods, cluster)
  const shown = new Set<StatusRow>()
  const show = (row: StatusRow) => {
    if (shown.size === 0) printLines(process.stdout, [table.header])
    shown.add(row)
    printLines(process.stdout, [table.line(row, cluster.wallMs())])
  }
  // On a terminal, what fails is shown while the others are still asked.
  const isShownAtOnce = isText && process.stdout.isTTY
  const onRow = (row: StatusRow) => {
    if (isShownAtOnce && isFailing(row)) show(row)
  }
  const rows = [...(await askPods(cluster, pods, onRow)), ...(await sourceRows(cluster, selector))]
  rows.sort(compareRows)
  const notices = cluster.notices.all()
  if (isText) {
    for (const row of rows) if (!shown.has(row)) show(row)
    printLines(process.stdout, sumLines(rows))
    printLines(process.stderr, notices)
  } else printLines(process.stdout, [statusJson(rows, notices)])
  return rows.some(isFailing) ? 1 : 0
}

async function askPods(
  cluster: Cluster,
  pods: readonly AgentPod[],
  onRow: (row: StatusRow) => void,
): Promise<readonly StatusRow[]> {
  const readLog = createLogReader(cluster)
  const progress = createProgress()
  progress.show(`asking ${pods.length} agents`)
  const asked = pods.toSorted(likelyWorst).map(async (pod) => {
    const row = podRow(pod, await askAgent(pod, readLog))
    if (row && !isOver(pod, row)) {
      progress.hide()
      onRow(row)
    }
    return row && !isOver(pod, row) ? [row] : []
  })
  try {
    return (await Promise.all(asked)).flat()
  } finally {
    progress.hide()
  }
}

/** A pod that has ended holds nothing any more. It is worth a row only if its agent has failed. */
const isOver = ({ hasEnded }: AgentPod, { state }: StatusRow): boolean =>
  hasEnded && state !== 'failed'

/** Whether the kubelet has seen the agent fail, or wait. Such pods are asked first. */
const likelyWorst = (a: AgentPod, b: AgentPod): number => badness(b) - badness(a)
const badness = ({ state }: AgentPod): number => {
  if (state?.kind === 'waiting') return state.ended ? 3 : 2
  return state?.isReady === true ? 0 : 1
}

/** The rows of what Secret sync syncs. */
async function sourceRows(
  cluster: Cluster,
  selector: string | undefined,
): Promise<readonly StatusRow[]> {
  const list = <T>(kind: typeof accountKind, read: (object: unknown) => T | undefined) =>
    listIfAllowed(cluster, kind, { selector, read })
  const accounts = await list(accountKind, readSyncedAccount)
  if (accounts?.length === 0) return []
  const externalSecrets = await list(externalSecretKind, externalSecretRow)
  const classes = await list(classKind, (object) => {
    const [seen] = readSeenClass(object)
    if (seen === undefined || seen.content.kind === 'nothing') return undefined
    const { namespace, name, content } = seen
    return classRow({ namespace, name, claims: content.claims }, accounts ?? [])
  })
  return [...(accounts ?? []).map(accountRow), ...(externalSecrets ?? []), ...(classes ?? [])]
}
