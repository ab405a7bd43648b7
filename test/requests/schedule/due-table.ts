/**
 * The table in `docs/specification.md` that says when the values of an ExternalSecret are fetched: what `refreshDue` decides in each
 * case. Run it (`node test/requests/schedule/due-table.ts`) to write it again.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { parseCron } from '../../../requests/schedule/cron.ts'
import {
  type LastRefresh,
  type RefreshSchedule,
  refreshDue,
  type SecretState,
} from '../../../requests/schedule/refresh-due.ts'

const hourMs = 3_600_000
export const nowMs = Date.parse('2026-12-01T12:30:00Z')

const nightly = parseCron('0 0 * * *')
const closed = {
  kind: 'allow',
  windows: nightly.kind === 'valid' ? [{ opens: nightly.value, lastsMs: hourMs }] : [],
} as const

export interface Column {
  readonly id: string
  readonly title: string
  readonly schedule: RefreshSchedule
  /** The same as an ExternalSecret writes it. */
  readonly spec: object
}

const windows = [{ schedule: '0 0 * * *', duration: '1h' }]
export const columns: readonly Column[] = [
  {
    id: 'periodic',
    title: '`Periodic`',
    schedule: { policy: 'Periodic', intervalSeconds: 3600 },
    spec: { refreshInterval: '1h' },
  },
  {
    id: 'closed',
    title: '`Periodic` outside its windows',
    schedule: { policy: 'Periodic', intervalSeconds: 3600, windows: closed },
    spec: { refreshInterval: '1h', syncWindows: { kind: 'allow', windows } },
  },
  {
    id: 'zero',
    title: '`Periodic`, interval 0',
    schedule: { policy: 'Periodic', intervalSeconds: 0 },
    spec: { refreshInterval: '0' },
  },
  {
    id: 'once',
    title: '`CreatedOnce`',
    schedule: { policy: 'CreatedOnce', intervalSeconds: 3600 },
    spec: { refreshPolicy: 'CreatedOnce' },
  },
  {
    id: 'on-change',
    title: '`OnChange`',
    schedule: { policy: 'OnChange', intervalSeconds: 3600 },
    spec: { refreshPolicy: 'OnChange' },
  },
]

export const secretStates: Readonly<Record<SecretState, string>> = {
  ours: 'is ours',
  other: "exists and isn't ours",
  missing: 'is missing',
  deleted: 'is missing, because `deletionPolicy: Delete` has deleted it',
}

const ago = (ms: number, isCurrent = true): LastRefresh => ({ atMs: nowMs - ms, isCurrent })

export const lastRefreshes: Readonly<
  Record<string, { readonly title: string; readonly last: LastRefresh | undefined }>
> = {
  never: { title: 'never made, or not `Ready`', last: undefined },
  changed: { title: 'the ExternalSecret has changed since', last: ago(hourMs / 2, false) },
  within: { title: 'within the interval', last: ago(hourMs / 2) },
  passed: { title: 'before that', last: ago(2 * hourMs) },
  future: { title: 'in the future', last: ago(-24 * hourMs) },
}

/** Each case: a row of the table. */
export const rows = Object.entries(secretStates).flatMap(([state, secret]) =>
  Object.entries(lastRefreshes).map(([id, { title, last }]) => ({
    id: `${state} ${id}`,
    state: state as SecretState,
    when: id,
    title: `${secret} | ${title}`,
    last,
  })),
)

type Row = (typeof rows)[number]

/** What is decided in one case. */
export const cell = ({ state, last }: Row, { schedule }: Column) =>
  refreshDue(schedule, { last, secret: state, nowMs }).action

const pageFile = new URL('../../../docs/specification.md', import.meta.url)
const heading = '| the Secret | its last fetch |'

/** The page as it is, and as it should be. */
export function dueTable(): { readonly found: string; readonly expected: string } {
  const found = readFileSync(pageFile, 'utf8')
  const start = found.indexOf(heading)
  const end = found.indexOf('\n\n', start)
  const words = { fetch: 'fetched', adopt: 'adopted', rest: '–' }
  const lines = [
    `${heading} ${columns.map(({ title }) => title).join(' | ')} |`,
    `|---|---|${columns.map(() => '---|').join('')}`,
    ...rows.map(
      (row) =>
        `| ${row.title} | ${columns.map((column) => words[cell(row, column)]).join(' | ')} |`,
    ),
  ]
  return { found, expected: `${found.slice(0, start)}${lines.join('\n')}${found.slice(end)}` }
}

if (import.meta.main) writeFileSync(pageFile, dueTable().expected)
