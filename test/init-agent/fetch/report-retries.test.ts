import t from 'tap'
import { fixedDeadline } from '../../../delivery/projection/deadline.ts'
import { reportRetries } from '../../../init-agent/fetch/report-retries.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import { errorTable } from '../../../lib/errors/error-table.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { memoryLog } from '../../support/memory-log.ts'

const startMs = 1_000_000
const failure = (code: AkvErrorCode, retryAfterMs?: number) =>
  new AkvError(code, 'secret team-a:db: no', { retryAfterMs })

function bench(seconds: number) {
  let nowMs = startMs
  const times = clockTimes(() => nowMs, { startMs: Date.parse('2026-06-01T12:00:00Z') })
  const clock = { ...times, random: () => 0, sleep: async () => undefined }
  const { log, lines } = memoryLog()
  const report = reportRetries({ log, clock, deadline: fixedDeadline(startMs + seconds * 1000) })
  return {
    report,
    lines,
    warnings: () => lines.filter(({ level }) => level === 'warn'),
    pass(seconds: number) {
      nowMs += seconds * 1000
    },
  }
}

t.test('the first failure is reported at once, with the remedy and the deadline', async (t) => {
  const { report, warnings } = bench(120)
  report('team-a', failure('AKV_FORBIDDEN'))
  t.strictSame(
    warnings().map(({ message, code, remedy, tries }) => ({ message, code, remedy, tries })),
    [
      {
        message: 'secret team-a:db: no; retrying until 12:02:00 UTC',
        code: 'AKV_FORBIDDEN',
        remedy: errorTable.AKV_FORBIDDEN.remedy,
        tries: 1,
      },
    ],
  )
})

t.test(
  'a continuing failure is reported at growing intervals, with the number of tries',
  async (t) => {
    const { report, lines, warnings, pass } = bench(3600)
    const toldAfter: number[] = []
    for (let second = 0; second <= 1200; second += 5) {
      const before = warnings().length
      report('team-a', failure('AKV_NETWORK'))
      if (warnings().length > before) toldAfter.push(second)
      pass(5)
    }
    t.strictSame(toldAfter, [0, 15, 45, 105, 225, 465, 765, 1065])
    t.equal(warnings().at(-1)?.['tries'], 1065 / 5 + 1)
    t.equal(lines.length, 241, 'the others are there for debugging')
  },
)

t.test('a deadline in the past or very far away can be reported', async (t) => {
  for (const [seconds, end] of [
    [0, '12:00:00'],
    [1e300, '23:59:59'],
  ] as const) {
    const { report, warnings } = bench(seconds)
    report('team-a', failure('AKV_NETWORK'))
    t.match(warnings()[0]?.message, `no; retrying until ${end} UTC`)
  }
})

t.test('each vault, and each kind of failure, has its own lines', async (t) => {
  const { report, warnings } = bench(120)
  for (const vault of ['team-a', 'team-b'])
    for (const code of ['AKV_FORBIDDEN', 'AKV_NETWORK'] as const)
      for (let object = 0; object < 40; object++) report(vault, failure(code))
  t.equal(warnings().length, 4)
})

t.test('the line says if the vault is throttling, and if its pause is too long', async (t) => {
  const { report, warnings } = bench(600)
  report('team-a', failure('AKV_THROTTLED', 30_000))
  report('team-b', failure('AKV_THROTTLED', 3_600_000))
  t.match(warnings(), [
    {
      message: /waiting for the vault's limit, .* up to 15 minutes; retrying until 12:10:00 UTC$/,
    },
    {
      message:
        /; the vault is paused for 3600 s, which is longer than the time that is left; giving up at 12:10:00 UTC$/,
    },
  ])
})
