import fc from 'fast-check'
import t from 'tap'
import { parseGoDuration } from '../../lib/values/parse-go-duration.ts'
import { parseCron } from '../../requests/schedule/cron.ts'
import { areOpen } from '../../requests/schedule/sync-windows.ts'
import { without } from '../support/needs/without.ts'
import { fuzz } from './harness/fuzz.ts'
import { startGoOriginals } from './harness/start-go-originals.ts'

/** A part of a field: mostly what is valid. */
function part(min: number, max: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const value = fc.integer({ min, max }).map(String)
  const step = fc.integer({ min: 1, max: 9 })
  const range = fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
  const named = names.length > 0 ? fc.constantFrom(...names) : value
  return fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('*', '?') },
    { weight: 6, arbitrary: value },
    { weight: 3, arbitrary: range },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.oneof(fc.constant('*'), range, value), step)
        .map(([a, b]) => `${a}/${b}`),
    },
    { weight: 2, arbitrary: named },
    { weight: 1, arbitrary: fc.tuple(named, named).map(([a, b]) => `${a.toUpperCase()}-${b}`) },
  )
}

const odd = fc.constantFrom(
  ...[
    '',
    'x',
    '1-',
    '-1',
    '1-2-3',
    '*-3',
    '+3',
    '1/2/3',
    '*,',
    '1.5',
    '*/0',
    '07',
    '7',
    '60',
    '99',
    '1-0',
    'L',
    '1#2',
  ],
)
const months = ['jan', 'feb', 'mar', 'jun', 'JUL', 'Dec']
const days = ['sun', 'mon', 'WED', 'Fri', 'sat']
const list = (one: fc.Arbitrary<string>) =>
  fc.oneof(
    { weight: 8, arbitrary: one },
    {
      weight: 2,
      arbitrary: fc.array(one, { minLength: 2, maxLength: 3 }).map((parts) => parts.join(',')),
    },
  )
const field = (...limits: Parameters<typeof part>) =>
  list(fc.oneof({ weight: 30, arbitrary: part(...limits) }, { weight: 1, arbitrary: odd }))
const fields = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12, months), field(0, 6, days))
  .map((all) => all.join(' '))
const named = fc.constantFrom(
  ...[
    '@daily',
    '@midnight',
    '@weekly',
    '@monthly',
    '@yearly',
    '@annually',
    '@hourly',
    '@Daily',
    '@reboot',
  ],
  ...['1h', '5m', '1h30m', '90s', '1.5h', '500ms', '-5m', 'x', '30s'].map(
    (every) => `@every ${every}`,
  ),
)
const schedule = fc.oneof({ weight: 9, arbitrary: fields }, { weight: 1, arbitrary: named })
const lasts = fc.constantFrom(
  ...['0', '30s', '1m', '5m', '1h', '90m', '8h', '24h', '36h', '168h', '744h', '-1h'],
)
const startMs = Date.parse('2026-01-01T00:00:00Z')
const seconds = fc.oneof(
  fc.integer({ min: 0, max: 4 * 366 * 24 * 60 }).map((minutes) => minutes * 60),
  fc.integer({ min: 0, max: 4 * 366 * 24 * 3600 }),
)

t.test('a window is open when it is for the operator', { skip: without('go') }, async (t) => {
  const ask = await startGoOriginals(t)
  const counts = { open: 0, closed: 0, refused: 0 }
  const ours = (text: string, duration: string, atMs: number): keyof typeof counts => {
    const [opens, lastsMs] = [parseCron(text), parseGoDuration(duration)]
    if (opens.kind === 'invalid' || lastsMs.kind === 'invalid') return 'refused'
    const windows = [{ opens: opens.value, lastsMs: lastsMs.value }]
    return areOpen({ kind: 'allow', windows }, atMs) ? 'open' : 'closed'
  }
  await fuzz(
    t,
    fc.asyncProperty(schedule, lasts, seconds, async (text, duration, second) => {
      const atMs = startMs + second * 1000
      const at = new Date(atMs).toISOString()
      const go = await ask({ reader: 'window', text, lasts: duration, at })
      const found = ours(text, duration, atMs)
      if (go !== found) throw new Error(`Go: ${go}, we: ${found}`)
      counts[found]++
    }),
    (tried) => Object.values(counts).every((count) => count >= Math.max(10, tried / 50)),
  )
  t.comment(JSON.stringify(counts))
})
