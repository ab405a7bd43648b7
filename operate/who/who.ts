import type { ExitCode } from '../../command/exit-code.ts'
import { InputError } from '../../command/input-error.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { type ClusterOptions, openCluster } from '../cluster/open-cluster.ts'
import type { AgentImageOptions } from '../cluster/pods/find-agent-images.ts'
import { findHolders } from './find-holders.ts'
import { type GateResult, gateNotices, gateResult, gateSentence, requireNamespace } from './gate.ts'
import type { Holding } from './holding.ts'
import { groupHoldings, groupUnasked, type HoldingRow } from './holding-row.ts'
import { parseLeftOut } from './left-out.ts'
import { type ObjectQuery, ofAllTypes, parseQuery } from './object-query.ts'
import { type WhoReport, whoJson, whoText } from './who-output.ts'

interface WhoOptions extends ClusterOptions, AgentImageOptions {
  readonly object: string
  readonly version?: string
  readonly old?: boolean
  /** If set, only objects that expire within this many seconds are listed. */
  readonly expires?: number
  readonly gate?: boolean
  /** `NAMESPACE/POD`: pods that the gate ignores. */
  readonly without?: readonly string[]
  readonly selector?: string
  readonly output?: 'text' | 'json'
}

/**
 * `akv-injector who`: prints which pods and Secrets use an object, and which version each holds (docs/specification.md,
 * "Who holds a version").
 *
 * @returns with `--gate`, 1 if the gate is shut, and 2 if nothing names the object
 */
export async function who(options: WhoOptions): Promise<ExitCode> {
  const asked = parseQuery(options.object, options.version)
  const isGate = options.gate === true
  const without = parseLeftOut(options.without ?? [])
  if (isGate) checkGate(asked, options)
  else if (without.length > 0) throw new InputError('--without needs --gate')
  const query = isGate ? ofAllTypes(asked) : asked
  const cluster = openCluster(options)
  const found = await findHolders(cluster, { query, isGate, options, without })
  const { leftOut } = found
  const all = groupHoldings(found.holdings, found.appearances)
  const isChosen = chooses(options, { query, wallMs: cluster.wallMs() })
  const holders = all.filter(isChosen)
  const unasked = groupUnasked(found.unasked)
  const asking = countHolders([...found.holdings, ...found.unasked])
  const isNamed = found.isNamed || asking > 0
  if (isGate && !isNamed) await requireNamespace(cluster)
  const counts = { holders: count(holders), unasked: count(unasked), asking }
  const result = gateResult({ ...counts, isNamed })
  const sentence = gateSentence({ query, result, leftOut, ...counts })
  const report: WhoReport = {
    ...{ query, holders, unasked, asking },
    unrelated: groupUnasked(found.unrelated),
    ...(isGate && { gate: { isOpen: result === 'open', sentence, leftOut } }),
    notices: [...cluster.notices.all(), ...(isGate ? gateNotices(found.images) : [])],
  }
  print(report, { isText: options.output !== 'json', wallMs: cluster.wallMs() })
  return isGate ? exitCodes[result] : 0
}

const exitCodes = { open: 0, shut: 1, unnamed: 2 } as const satisfies Record<GateResult, ExitCode>

function checkGate({ name, version }: ObjectQuery, options: WhoOptions): void {
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
  { query: { version }, wallMs }: { readonly query: ObjectQuery; readonly wallMs: number },
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
