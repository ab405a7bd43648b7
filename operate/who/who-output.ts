import { printableJson } from '../../lib/json/printable-json.ts'
import { withoutAbsent } from '../../lib/shape.ts'
import { createTable } from '../cluster/table.ts'
import { ageText, isoTime } from '../cluster/times.ts'
import type { HoldingRow, UnaskedRow } from './holding-row.ts'
import type { LeftOutPod } from './left-out.ts'
import { describeQuery, type ObjectQuery } from './object-query.ts'

/** Everything that `who` prints. */
export interface WhoReport {
  readonly query: ObjectQuery
  readonly holders: readonly HoldingRow[]
  readonly unasked: readonly UnaskedRow[]
  /** Pods with a container that has the agent's name, but isn't an agent. */
  readonly unrelated: readonly UnaskedRow[]
  /** How many pods and Secrets use the object, whichever version they hold. */
  readonly asking: number
  readonly gate?: {
    readonly isOpen: boolean
    readonly sentence: string
    readonly leftOut: readonly LeftOutPod[]
  }
  readonly notices: readonly string[]
}

const holderColumns = [
  'NAMESPACE',
  'WORKLOAD',
  'OBJECT',
  'IN',
  'VERSION',
  'HOLDERS',
  'SINCE',
  'EXPIRES IN',
  'NOTE',
].map((title) => ({ title, most: 160 }))
const columnsFor = (last: string) =>
  ['NAMESPACE', 'WORKLOAD', 'HOLDERS', last].map((title) => ({ title, most: 300 }))
const unaskedColumns = columnsFor('COULD NOT BE ASKED')
const unrelatedColumns = columnsFor('NOT AN AGENT')

/** Writes the report as lines of text. */
export function whoText(
  { query, holders, unasked, unrelated, asking, gate }: WhoReport,
  wallMs: number,
): readonly string[] {
  const tables = [
    tableOf(
      holderColumns,
      holders.map((row) => holderCells(row, wallMs)),
    ),
    tableOf(unaskedColumns, unasked.map(unaskedCells)),
    tableOf(unrelatedColumns, unrelated.map(unaskedCells)),
  ]
  const object = describeQuery(query)
  const nobody =
    asking === 0
      ? `nobody asks for ${object}; check its name, and the namespace`
      : `none of ${asking} that ask for ${object} are of this kind`
  const isEmpty = holders.length + unasked.length === 0
  const parts = [...tables, gate ? [gate.sentence] : isEmpty ? [nobody] : []]
  return parts
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

const unaskedCells = ({ namespace, workload, holders, why }: UnaskedRow): readonly string[] => [
  namespace,
  workload,
  String(holders.length),
  why,
]

function tableOf(
  columns: Parameters<typeof createTable>[0],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return []
  const table = createTable(columns, rows)
  return [table.header, ...rows.map(table.line)]
}

function holderCells(row: HoldingRow, wallMs: number): readonly string[] {
  const { namespace, workload, object, heldIn, holders, version, sinceMs, expiresMs } = row
  return [
    namespace,
    workload,
    object,
    heldIn === 'Secret' ? `Secret/${holders.join(', ')}` : heldIn,
    version ?? '',
    String(holders.length),
    sinceMs === undefined ? '' : ageText(wallMs - sinceMs),
    expiresMs === undefined ? '' : expiryText(expiresMs - wallMs),
    noteOf(row),
  ]
}

const expiryText = (ms: number): string => (ms <= 0 ? 'expired' : ageText(ms))

function noteOf({ version, age, isPossible }: HoldingRow): string {
  if (version === undefined) return 'asks for it, and has no version of it'
  const notes = [
    ...(age === 'newest' ? ['newest'] : []),
    ...(age === 'older' ? ['older'] : []),
    ...(age === 'unknown' ? ['older or newer than those of others'] : []),
    ...(isPossible ? ['or another one: it was started while the version changed'] : []),
  ]
  return notes.join('; ')
}

/** Returns one JSON document. Scripts may rely on its members (docs/specification.md). */
export function whoJson({ query, holders, unasked, unrelated, gate, notices }: WhoReport): string {
  const { vault, name, collection, version } = query
  const document = {
    ...withoutAbsent({ vault, name, collection, version }),
    holders: holders.map(({ heldIn, objectKey: _, sinceMs, expiresMs, ...row }) =>
      withoutAbsent({ ...row, in: heldIn, since: isoTime(sinceMs), expires: isoTime(expiresMs) }),
    ),
    unasked,
    unrelated,
    ...(gate && { gate }),
    notices,
  }
  return printableJson(JSON.stringify(document))
}
