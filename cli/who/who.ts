import { printLines } from '../../lib/terminal/print-lines.ts'
import { type Cluster, type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import type { AgentPod } from '../cluster/pods/agent-pod.ts'
import { askAgents } from '../cluster/pods/ask-agents.ts'
import { type AgentImageOptions, findAgentImages } from '../cluster/pods/find-agent-images.ts'
import { listAgentPods } from '../cluster/pods/list-pods.ts'
import { accountKind, listIfAllowed } from '../cluster/sync/list-sources.ts'
import { readSyncedAccount } from '../cluster/sync/synced-account.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { InputError } from '../input/text/input-error.ts'
import { accountFindings } from './account-findings.ts'
import { type AskedPlace, parsePlace } from './asked-place.ts'
import { changedMeanwhile, gateLimits, gateSentence } from './gate.ts'
import type { Appearance, Findings, Holding, Unasked } from './holding.ts'
import { groupHoldings, groupUnasked, type HoldingRow } from './holding-row.ts'
import { objectsAskedAbout, podFindings } from './pod-findings.ts'
import { type WhoReport, whoJson, whoText } from './who-output.ts'

interface WhoOptions extends ClusterOptions, AgentImageOptions {
  readonly object: string
  readonly version?: string
  readonly old?: boolean
  /** In seconds: only what expires within this time. */
  readonly expires?: number
  readonly gate?: boolean
  readonly selector?: string
  readonly output?: 'text' | 'json'
}

/** Says who asks for an object, and which version each holds (docs/specification.md, "Who holds a version"). */
export async function who(options: WhoOptions): Promise<ExitCode> {
  const place = parsePlace(options.object, options.version)
  const isGate = options.gate === true
  if (isGate) checkGate(place, options)
  const cluster = openCluster(options)
  const found = await find(cluster, { place, isGate, options })
  const all = groupHoldings(found.holdings, found.appearances)
  const isChosen = chooses(options, { place, wallMs: cluster.wallMs() })
  const holders = all.filter(isChosen)
  const unasked = groupUnasked(found.unasked)
  const isOpen = holders.length === 0 && unasked.length === 0
  const asking = all.reduce((sum, row) => sum + row.holders.length, 0)
  const counts = { holders: count(holders), unasked: count(unasked), asking }
  const report: WhoReport = {
    place,
    holders,
    unasked,
    ...(isGate && { gate: { isOpen, sentence: gateSentence({ place, isOpen, ...counts }) } }),
    notices: [...cluster.notices.all(), ...(isGate ? [gateLimits] : [])],
  }
  print(report, { isText: options.output !== 'json', wallMs: cluster.wallMs() })
  return isGate && !isOpen ? 1 : 0
}

function checkGate({ name, version }: AskedPlace, options: WhoOptions): void {
  if (name === undefined || version === undefined)
    throw new InputError('--gate needs an object and its version: VAULT:NAME --version VERSION')
  if (options.allNamespaces !== true && options.namespace === undefined)
    throw new InputError(
      '--gate needs -A, or -n with the only namespace whose pods and accounts may use the object',
    )
  if (options.old === true || options.expires !== undefined || options.selector !== undefined)
    throw new InputError(
      '--gate asks everybody, so it can’t be combined with --old, --expires or -l',
    )
}

interface Search {
  readonly place: AskedPlace
  readonly isGate: boolean
  readonly options: WhoOptions
}

async function find(cluster: Cluster, search: Search): Promise<Findings> {
  const { place, isGate, options } = search
  const { selector } = options
  const images = await findAgentImages(cluster, options)
  const pods = await listAgentPods(cluster, { selector, images })
  const asking = pods.filter((pod) => objectsAskedAbout(pod, place)?.length !== 0)
  const answers = await askAgents(cluster, asking)
  const ofPods = answers.map(({ pod, asked }) => podFindings(pod, { asked, place }))
  const accounts = await listIfAllowed(cluster, accountKind, { selector, read: readSyncedAccount })
  const ofAccounts = (accounts ?? []).map((account) => accountFindings(account, place))
  const all = [...ofPods, ...ofAccounts]
  const holdings: readonly Holding[] = all.flatMap((it) => it.holdings)
  const appearances: readonly Appearance[] = all.flatMap((it) => it.appearances)
  const unasked: Unasked[] = all.flatMap((it) => it.unasked)
  if (accounts === undefined) unasked.push(everybody(cluster, 'ServiceAccounts can’t be read'))
  if (isGate) {
    const after = await listAgentPods(cluster, { images })
    unasked.push(...changedMeanwhile(pods, { after, place }))
    if (images === undefined) unasked.push(...asking.map(withUnknownImage))
  }
  if (cluster.notices.isCut())
    unasked.push(everybody(cluster, 'there are more objects than are read'))
  return { holdings, appearances, unasked }
}

const everybody = ({ namespace }: Pick<Cluster, 'namespace'>, why: string): Unasked => ({
  namespace: namespace ?? '*',
  workload: '*',
  holder: '*',
  why,
})

/** Only whoever knows the images of the agent can tell its log from another program's. */
const withUnknownImage = ({ namespace, workload, name: holder }: AgentPod): Unasked => ({
  namespace,
  workload,
  holder,
  why: 'the image of its agent could not be compared with the webhook’s; name it with --agent-image',
})

function chooses(
  { old, expires }: Pick<WhoOptions, 'old' | 'expires'>,
  { place: { version }, wallMs }: { readonly place: AskedPlace; readonly wallMs: number },
): (row: HoldingRow) => boolean {
  return (row) =>
    (version === undefined || row.version === version) &&
    (old !== true || row.age === 'older' || row.age === 'unknown') &&
    (expires === undefined ||
      (row.expiresMs !== undefined && row.expiresMs - wallMs <= expires * 1000))
}

const count = (rows: readonly { readonly holders: readonly string[] }[]): number =>
  rows.reduce((sum, { holders }) => sum + holders.length, 0)

function print(
  report: WhoReport,
  { isText, wallMs }: { readonly isText: boolean; readonly wallMs: number },
): void {
  if (isText) {
    printLines(process.stdout, whoText(report, wallMs))
    printLines(process.stderr, report.notices)
  } else printLines(process.stdout, [whoJson(report)])
}
