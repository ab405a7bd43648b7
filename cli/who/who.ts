import { printLines } from '../../lib/terminal/print-lines.ts'
import { type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import type { AgentImageOptions } from '../cluster/pods/find-agent-images.ts'
import type { ExitCode } from '../command/exit-code.ts'
import { InputError } from '../input/text/input-error.ts'
import { type AskedPlace, ofAllTypes, parsePlace } from './asked-place.ts'
import { findHolders } from './find-holders.ts'
import { gateLimits, gateSentence, requireNamespace } from './gate.ts'
import type { Holding } from './holding.ts'
import { groupHoldings, groupUnasked, type HoldingRow } from './holding-row.ts'
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
  const asked = parsePlace(options.object, options.version)
  const isGate = options.gate === true
  if (isGate) checkGate(asked, options)
  const place = isGate ? ofAllTypes(asked) : asked
  const cluster = openCluster(options)
  const found = await findHolders(cluster, { place, isGate, options })
  const all = groupHoldings(found.holdings, found.appearances)
  const isChosen = chooses(options, { place, wallMs: cluster.wallMs() })
  const holders = all.filter(isChosen)
  const unasked = groupUnasked(found.unasked)
  const isOpen = holders.length === 0 && unasked.length === 0
  const asking = countHolders([...found.holdings, ...found.unasked])
  if (isGate && asking === 0) await requireNamespace(cluster)
  const counts = { holders: count(holders), unasked: count(unasked), asking }
  const report: WhoReport = {
    place,
    holders,
    unasked,
    asking,
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

function chooses(
  { old, expires }: Pick<WhoOptions, 'old' | 'expires'>,
  { place: { version }, wallMs }: { readonly place: AskedPlace; readonly wallMs: number },
): (row: HoldingRow) => boolean {
  return (row) =>
    (version === undefined || row.version?.toLowerCase() === version) &&
    (old !== true || row.age === 'older' || row.age === 'unknown') &&
    (expires === undefined ||
      (row.expiresMs !== undefined && row.expiresMs - wallMs <= expires * 1000))
}

const countHolders = (list: readonly Pick<Holding, 'namespace' | 'workload' | 'holder'>[]) =>
  new Set(list.map(({ namespace, workload, holder }) => `${namespace}/${workload}/${holder}`)).size

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
