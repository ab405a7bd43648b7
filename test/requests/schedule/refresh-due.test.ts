import t from 'tap'
import { refreshDue } from '../../../requests/schedule/refresh-due.ts'
import { cell, columns, dueTable, lastRefreshes, nowMs, rows } from './due-table.ts'

/** For each case what becomes of the Secret in the order of the columns: F is fetched, A adopted, and - rests. */
const expected: Readonly<Record<string, string>> = {
  'ours never': 'FFAAF',
  'ours changed': 'FF--F',
  'ours within': '-----',
  'ours passed': 'F----',
  'ours future': 'FF---',
  'other never': 'FFAAF',
  'other changed': 'FFAAF',
  'other within': 'FFAAF',
  'other passed': 'FFAAF',
  'other future': 'FFAAF',
  'missing never': 'FFFFF',
  'missing changed': 'FFFFF',
  'missing within': 'FFFFF',
  'missing passed': 'FFFFF',
  'missing future': 'FFFFF',
  'deleted never': 'FFFFF',
  'deleted changed': 'FFFFF',
  'deleted within': '-----',
  'deleted passed': 'F-FFF',
  'deleted future': 'FFFFF',
}

t.test('each case of the table is decided as expected', (t) => {
  t.strictSame(
    rows.map(({ id }) => id),
    Object.keys(expected),
  )
  const letters = { fetch: 'F', adopt: 'A', rest: '-' }
  for (const row of rows)
    for (const [index, column] of columns.entries())
      t.equal(letters[cell(row, column)], expected[row.id]?.[index], `${row.id}, ${column.id}`)
  t.end()
})

t.test('docs/specification.md has the table', (t) => {
  const { found, expected } = dueTable()
  t.equal(found, expected, 'run node test/requests/schedule/due-table.ts')
  for (const { title } of rows) t.ok(found.includes(`| ${title} | `), title)
  t.end()
})

t.test('it says when to decide again', (t) => {
  const within = { last: lastRefreshes['within']?.last, secret: 'ours', nowMs } as const
  const [periodic, closed, zero] = columns.map(({ schedule }) => refreshDue(schedule, within))
  t.strictSame(periodic, { action: 'rest', why: 'within interval', nextAtMs: nowMs + 1_800_000 })
  t.strictSame(closed, periodic, 'windows matter when the interval has passed')
  t.strictSame(zero, { action: 'rest', why: 'made once' })
  t.end()
})

t.test('a time that is no time makes it due, and the interval ends to the second', (t) => {
  const schedule = { policy: 'Periodic', intervalSeconds: 30 } as const
  const at = (atMs: number) =>
    refreshDue(schedule, { last: { atMs, isCurrent: true }, secret: 'ours', nowMs }).action
  for (const atMs of [Number.NaN, Number.POSITIVE_INFINITY, nowMs + 1, 0, -1e15])
    t.equal(at(atMs), 'fetch', String(atMs))
  t.equal(at(nowMs - 29_999), 'rest')
  t.equal(at(nowMs - 30_000), 'fetch')
  t.end()
})
