import type { ExitCode } from '../../command/exit-code.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import { isUnrelated } from '../cluster/pods/agent-pod.ts'
import { type AgentImageOptions, findAgentImages } from '../cluster/pods/find-agent-images.ts'
import { listAgentPods } from '../cluster/pods/list-pods.ts'
import { podRows, rowBefore, sourceRows } from './read-rows.ts'
import { createStatusTable, statusJson, sumLines } from './status-output.ts'
import { compareRows, isFailing, type StatusRow } from './status-row.ts'

interface StatusOptions extends ClusterOptions, AgentImageOptions {
  readonly selector?: string
  readonly output?: 'text' | 'json'
}

/**
 * `akv-injector status`: prints the state of each pod and each account, and returns 1 if anything fails
 * (docs/specification.md, "Reading pods").
 */
export async function status(options: StatusOptions): Promise<ExitCode> {
  const { selector, output = 'text' } = options
  const cluster = openCluster(options)
  const images = await findAgentImages(cluster, options)
  const listed = await listAgentPods(cluster, { selector, images })
  const pods = listed.filter((pod) => !isUnrelated(pod))
  const isText = output === 'text'
  const shown = new Set<StatusRow>()
  let table: ReturnType<typeof createStatusTable> | undefined
  const show = (row: StatusRow, known: () => readonly StatusRow[]) => {
    if (table === undefined) {
      table = createStatusTable(known(), cluster)
      printLines(process.stdout, [table.header])
    }
    shown.add(row)
    printLines(process.stdout, [table.line(row)])
  }
  // On a terminal, failing pods are shown while other agents are still being asked.
  const isShownAtOnce = isText && process.stdout.isTTY
  const ofPods = await podRows(cluster, pods, (row, hideProgress) => {
    if (!isShownAtOnce || !isFailing(row)) return
    hideProgress()
    show(row, () => pods.flatMap(rowBefore))
  })
  const rows = [...ofPods, ...(await sourceRows(cluster, selector, pods))].sort(compareRows)
  const notices = cluster.notices.all()
  if (isText) {
    for (const row of rows) if (!shown.has(row)) show(row, () => rows)
    printLines(process.stdout, sumLines(rows))
    printLines(process.stderr, notices)
  } else printLines(process.stdout, [statusJson(rows, notices)])
  return rows.some(isFailing) ? 1 : 0
}
