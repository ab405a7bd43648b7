import t from 'tap'
import { parseGoDuration } from '../../../lib/values/parse-go-duration.ts'
import { parseCron } from '../../../requests/schedule/cron.ts'
import { areOpen, nextLookMs, type SyncWindows } from '../../../requests/schedule/sync-windows.ts'

type Answer = 'refused' | boolean

/** What robfig/cron v3.0.1 and the operator's isWithinSyncWindow answer: whether the window is open at that time. */
const answers: readonly (readonly [schedule: string, duration: string, at: string, Answer])[] = [
  ['@every 500ms', '168h', '2026-04-25T17:42:00Z', true],
  ['@every -5m', '36h', '2026-02-02T11:30:00Z', true],
  ['@every 90s', '744h', '2026-05-15T14:39:23Z', true],
  ['@weekly', '744h', '2026-08-25T20:05:26Z', true],
  ['*/3 * * ? 3', '168h', '2026-01-21T11:38:00Z', true],
  ['4-20,* * *-3 MAR-oct 5/9', '36h', '2026-08-07T14:58:00Z', true],
  ['@every 1h', '90m', '2026-12-19T09:21:00Z', true],
  ['07 ?,*,18/8 3-31/3 */1, ?,1', '8h', '2026-03-09T04:05:46Z', true],
  ['* *, 3/8 */1 */3', '744h', '2026-01-02T01:13:00Z', true],
  ['@hourly', '744h', '2026-07-04T13:08:06Z', true],
  ['*/1 ? ?,31 * MON-thu', '168h', '2026-04-13T19:21:16Z', true],
  ['@every 5m', '5m', '2026-08-16T17:05:00Z', true],
  ['34-45/4 */1 * jul *,thu,?', '8h', '2026-07-23T02:34:00Z', true],
  ['@yearly', '8h', '2026-09-20T00:23:00Z', false],
  ['*/1,* 10-18/4 * * *', '0', '2026-07-16T14:11:53Z', false],
  ['@monthly', '1h', '2026-05-05T08:01:00Z', false],
  ['*/1 7-11 14 * *', '168h', '2026-11-03T17:51:26Z', false],
  ['07,* */4,*/5 07 ? *,*/1,*', '1h', '2026-01-28T13:26:00Z', false],
  ['@every 1h30m', '1h', '2026-12-18T10:32:00Z', false],
  ['@daily', '1h', '2026-10-27T02:07:00Z', false],
  ['1,17 07 * 1-2 ?,1-1/1', '744h', '2026-07-28T16:18:00Z', false],
  ['@annually', '0', '2026-09-12T06:46:00Z', false],
  ['@every 1.5h', '0', '2026-04-24T02:01:00Z', false],
  ['*/1,*,41/5 19 *,*/3 */1 3', '8h', '2026-01-20T17:42:35Z', false],
  ['@midnight', '1m', '2026-01-14T03:18:43Z', false],
  ['0 0 */1 * mon', '24h', '2026-12-02T12:00:00Z', false],
  ['0 0 */2 * mon', '24h', '2026-12-03T12:00:00Z', true],
  ['0 0 31 2 *', '744h', '2026-03-01T00:00:00Z', false],
  [', * * * *', '1h', '2026-03-01T00:00:00Z', false],
  ['14 07 9 */2,7,x 3-3', '24h', '2026-03-27T17:39:41Z', 'refused'],
  ['39/1 16-4/2 * */1 0/3', '168h', '2026-11-03T01:37:01Z', 'refused'],
  ['*,*/1,20 */1,12-13 ? +3 1.5', '1h', '2026-12-07T17:29:00Z', 'refused'],
  ['? -1 * AUG-may,10/4 FRI-sat', '0', '2026-09-26T12:39:18Z', 'refused'],
  ['*/1,07 4/4 07 may,apr 1/2/3', '168h', '2026-08-08T01:34:00Z', 'refused'],
  ['@every x', '36h', '2026-06-19T21:31:28Z', 'refused'],
  ['0 25,*/1,2/8 12,5 ?,*/1 5', '744h', '2026-06-20T18:21:00Z', 'refused'],
  ['36 07 * * ,2,*/0', '168h', '2026-11-23T13:16:00Z', 'refused'],
  ['*/1 14 ? 9 7', '5m', '2026-05-21T15:03:18Z', 'refused'],
  ['1-5-6 * * * *', '5m', '2026-05-21T15:03:18Z', 'refused'],
  ['@Daily', '5m', '2026-05-21T15:03:18Z', 'refused'],
  ['@reboot', '5m', '2026-05-21T15:03:18Z', 'refused'],
]

const windowsOf = (
  kind: SyncWindows['kind'],
  ...all: readonly (readonly [schedule: string, duration: string])[]
): SyncWindows => ({
  kind,
  windows: all.map(([schedule, duration]) => {
    const [opens, lasts] = [parseCron(schedule), parseGoDuration(duration)]
    if (opens.kind === 'invalid' || lasts.kind === 'invalid') throw new Error(schedule)
    return { opens: opens.value, lastsMs: lasts.value }
  }),
})

t.test('a schedule means what it means to the operator', (t) => {
  for (const [schedule, duration, at, expected] of answers) {
    const found =
      parseCron(schedule).kind === 'invalid'
        ? 'refused'
        : areOpen(windowsOf('allow', [schedule, duration]), Date.parse(at))
    t.equal(found, expected, `${schedule} for ${duration} at ${at}`)
  }
  t.end()
})

t.test('a window begins and ends to the second, and any of several counts', (t) => {
  const nightly = ['0 22 * * 1-5', '8h'] as const
  const at = (text: string) => Date.parse(`2026-12-${text}Z`)
  for (const [text, isOpen] of [
    ['01T21:59:59', false],
    ['01T22:00:00', true],
    ['02T06:00:00', true],
    ['02T06:00:01', false],
    ['05T05:00:00', true],
    ['05T23:00:00', false],
  ] as const) {
    t.equal(areOpen(windowsOf('allow', nightly), at(text)), isOpen, text)
    t.equal(areOpen(windowsOf('deny', nightly), at(text)), !isOpen, text)
    t.equal(areOpen(windowsOf('allow', ['0 0 31 2 *', '1h'], nightly), at(text)), isOpen)
  }
  t.end()
})

t.test('closed windows are looked at when they open or end, and within an hour', (t) => {
  const noonMs = Date.parse('2026-12-01T12:00:00Z')
  const next = (windows: SyncWindows, ms = noonMs) => (nextLookMs(windows, ms) - ms) / 1000
  t.equal(next(windowsOf('allow', ['20 12 * * *', '1h'])), 1200)
  t.equal(next(windowsOf('deny', ['50 11 * * *', '15m'])), 301, 'after the second at which it ends')
  t.equal(next(windowsOf('allow', ['0 0 31 2 *', '1h'])), 3600)
  t.equal(next(windowsOf('deny', ['* * * * *', '1s'])), 30, 'not more often')
  t.end()
})

t.test('a schedule that is too long is refused, and so are numbers without end', (t) => {
  t.match(parseCron(`${'1,'.repeat(200)}1 * * * *`), { kind: 'invalid', problem: /256/ })
  t.match(parseCron('99999999999999999999 * * * *'), { kind: 'invalid', problem: /minute/ })
  t.match(parseCron('*/999999999 * * * *'), { kind: 'valid' })
  t.end()
})

t.test('a schedule takes little memory, whatever it names', (t) => {
  for (const schedule of [
    '* * * * *',
    '0-59,*/1 */1 1-31 jan-dec 0-6',
    '59 23 31 12 6',
    '@yearly',
  ]) {
    const cron = parseCron(schedule)
    t.equal(cron.kind, 'valid')
    t.ok(JSON.stringify(cron).length < 400, schedule)
  }
  t.end()
})

t.test('durations are read as Go does', (t) => {
  for (const [text, ms] of [
    ['0', 0],
    ['1h0m0s', 3_600_000],
    ['1.5h', 5_400_000],
    ['-10s', -10_000],
    ['.5s', 500],
    ['1m30s500ms', 90_500],
    ['2540400h', 2_540_400 * 3_600_000],
  ] as const)
    t.strictSame(parseGoDuration(text), { kind: 'valid', value: ms }, text)
  for (const text of ['', '1', '1d', 'h', '1h 5m', '-', '1e3s', '9999999h', '1s'.repeat(40)])
    t.equal(parseGoDuration(text).kind, 'invalid', text)
  t.end()
})
