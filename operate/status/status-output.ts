import { countOf } from '../../lib/count-of.ts'
import { printableJson } from '../../lib/json/printable-json.ts'
import { listNames } from '../../lib/list-names.ts'
import { withoutAbsent } from '../../lib/shape.ts'
import type { Cluster } from '../cluster/open-cluster.ts'
import type { RequestedRefresh } from '../cluster/refresh-now.ts'
import { createTable } from '../cluster/table.ts'
import { ageText, isoTime } from '../cluster/times.ts'
import { isFailing, rowStates, type StatusRow } from './status-row.ts'

const columns = [
  { title: 'NAMESPACE' },
  { title: 'NAME' },
  { title: 'STATE' },
  { title: 'SINCE' },
  { title: 'CODE' },
  { title: 'OBJECTS' },
  { title: 'SET AGE' },
  { title: 'AGENT' },
  { title: 'VAULTS' },
  { title: 'NOTE', most: 160 },
] as const

/** Creates a table with columns that are wide enough for these rows. */
export function createStatusTable(
  rows: readonly StatusRow[],
  { namespace, wallMs }: Pick<Cluster, 'namespace' | 'wallMs'>,
) {
  const from = namespace === undefined ? 0 : 1
  const cells = (row: StatusRow) => cellsOf(row, wallMs()).slice(from)
  const { header, line } = createTable(columns.slice(from), rows.map(cells))
  return { header, line: (row: StatusRow) => line(cells(row)) }
}

function cellsOf(row: StatusRow, wallMs: number): readonly string[] {
  const { namespace, kind, name, state, sinceMs, code, objects, setSinceMs, agent, vaults } = row
  const age = (ms: number | undefined) => (ms === undefined ? '' : ageText(wallMs - ms))
  return [
    namespace,
    `${kind.toLowerCase()}/${name}`,
    state,
    age(sinceMs),
    code ?? '',
    String(objects),
    age(setSinceMs),
    agent ?? '',
    listNames(vaults, 3),
    noteOf(row, age),
  ]
}

const noteOf = (
  { workload = '', why, olderVariables, otherDead = 0, refreshNow }: StatusRow,
  age: (ms: number) => string,
): string =>
  [
    ...(otherDead > 0 ? [`and ${countOf(otherDead, 'more dead pod')} of ${workload}`] : []),
    ...(olderVariables.length > 0
      ? [`variables older than the objects in place: ${listNames(olderVariables, 3)}`]
      : []),
    ...(refreshNow === undefined ? [] : [requestNote(refreshNow, age)]),
    ...(why === undefined ? [] : [why]),
  ].join('; ')

function requestNote(request: RequestedRefresh, age: (ms: number) => string): string {
  switch (request.kind) {
    case 'unseen':
      return `can't be asked to refresh now: ${request.why}`
    case 'asked':
      return 'asked to refresh now, and has not done so yet'
    case 'done':
      return `refreshed as it was asked to, ${age(request.atMs)} ago`
    default:
      return request satisfies never
  }
}

/** Counts the rows by state, and the failures by code and vault. */
export function sumLines(rows: readonly StatusRow[]): readonly string[] {
  if (rows.length === 0) return ['nothing here has objects from a vault by akv-injector']
  const states = rowStates.flatMap((state) => {
    const count = rows.filter((row) => row.state === state).length
    return count > 0 ? [`${count} ${state}`] : []
  })
  const older = rows.filter(({ olderVariables }) => olderVariables.length > 0).length
  return [
    '',
    `${countOf(rows.length, 'row')}: ${states.join(', ')}`,
    ...(older > 0
      ? [`${countOf(older, 'pod')} with older variables: a restart gives them the newer ones`]
      : []),
    ...codeSums(rows).map(({ code, vault, count }) => `${code}  vault ${vault}: ${count}`),
  ]
}

const jsonOf = (request: RequestedRefresh) =>
  request.kind === 'done' ? { kind: request.kind, at: isoTime(request.atMs) } : request

function codeSums(rows: readonly StatusRow[]) {
  const all = rows.filter(isFailing).flatMap(({ failures }) => failures)
  const groups = Map.groupBy(all, ({ code, vault }) => `${code} ${vault}`)
  return [...groups.values()]
    .flatMap((group) => (group[0] ? [{ ...group[0], count: group.length }] : []))
    .toSorted((a, b) => b.count - a.count)
}

/** Returns one JSON document. Scripts may rely on its members (docs/specification.md). */
export function statusJson(rows: readonly StatusRow[], notices: readonly string[]): string {
  const states = Object.fromEntries(
    rowStates.map((state) => [state, rows.filter((row) => row.state === state).length]),
  )
  const document = {
    rows: rows.map(({ sinceMs, setSinceMs, refreshNow, ...row }) =>
      withoutAbsent({
        ...{ ...row, since: isoTime(sinceMs), setSince: isoTime(setSinceMs) },
        refreshNow: refreshNow && jsonOf(refreshNow),
      }),
    ),
    sums: { states, codes: codeSums(rows) },
    notices,
  }
  return printableJson(JSON.stringify(document))
}
