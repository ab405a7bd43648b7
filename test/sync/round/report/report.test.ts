import t from 'tap'
import { AkvError, type AkvErrorCode } from '../../../../lib/errors/akv-error.ts'
import { nothingReported } from '../../../../sync/account/reported.ts'
import type { AccountEvent } from '../../../../sync/cluster/cluster-port.ts'
import { createEventBudget } from '../../../../sync/cluster/event-budget.ts'
import { nextReportAfterMs, reportOf } from '../../../../sync/round/report/report.ts'
import { createReportWriter } from '../../../../sync/round/report/write-report.ts'
import type { Failure } from '../../../../sync/round/result/failure.ts'
import type { SecretChange } from '../../../../sync/round/result/round-result.ts'
import { memoryLog } from '../../../support/memory-log.ts'

const account = { namespace: 'team-a', name: 'web', uid: 'u', annotations: {} }
const failure = (key: string, code: AkvErrorCode, message = `${key} failed`): Failure => ({
  kind: 'object',
  key,
  error: new AkvError(code, message),
})
type Failures = readonly Failure[]

/** Rounds one after the other, and the Events of each. */
function reporter() {
  const events: AccountEvent[] = []
  const counted: string[] = []
  const { log, lines } = memoryLog()
  let reported = nothingReported
  let nowMs = 1e12
  const budget = createEventBudget({ now: () => nowMs })
  let isDown = false
  const { write } = createReportWriter({
    events: budget,
    metrics: { countFailure: (_, code) => counted.push(code) },
    cluster: {
      async createEvent(event) {
        if (isDown) throw new AkvError('AKV_CLUSTER_UNAVAILABLE', 'down')
        events.push(event)
      },
    },
  })
  return {
    lines,
    counted,
    pass(ms: number) {
      nowMs += ms
    },
    againAfterMs: () => nextReportAfterMs(reported, nowMs),
    setDown(down: boolean) {
      isDown = down
    },
    async round(failures: Failures, changes: readonly (readonly [string, SecretChange])[] = []) {
      events.length = 0
      const isFinished = failures.length === 0
      const round = { failures, changes: new Map(changes), isFinished }
      reported = await write(reportOf(round, { reported, nowMs }), { account, log })
      return events.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
    },
  }
}

t.test(
  'a failure is reported at its start and after the last one ends, not at each attempt',
  async (t) => {
    const { round, counted } = reporter()
    const a = failure('a', 'AKV_NETWORK')
    t.match(await round([a]), [/^Warning SyncFailed: AKV_NETWORK: a failed\. Check that the vault/])
    t.strictSame(await round([a]), [])
    t.strictSame(await round([a]), [])
    t.strictSame(await round([]), ['Normal Synced: everything is in sync again'])
    t.strictSame(await round([]), [])
    t.equal((await round([a])).length, 1, 'and anew when it comes back')
    t.strictSame(counted, ['AKV_NETWORK', 'AKV_NETWORK', 'AKV_NETWORK', 'AKV_NETWORK'])
  },
)

t.test('a failure that lasts is reported again after 1, 2, 4 and then every 6 hours', async (t) => {
  const { round, pass, againAfterMs } = reporter()
  const all = [failure('a', 'AKV_FORBIDDEN'), failure('b', 'AKV_FORBIDDEN')]
  await round(all)
  t.equal(againAfterMs(), 3_600_000)
  const toldAtHours: number[] = []
  for (let hour = 1; hour <= 25; hour++) {
    pass(3_600_000)
    const reported = await round(all)
    if (reported.length > 0) toldAtHours.push(hour)
    if (reported.length > 0) t.match(reported, [/: a failed; b failed\./], 'in one Event')
  }
  t.strictSame(toldAtHours, [1, 3, 7, 13, 19, 25])
  await round([])
  t.equal((await round(all)).length, 1, 'what comes back begins anew')
  t.equal(againAfterMs(), 3_600_000)
})

t.test('the Events of an account that changes constantly are bounded', async (t) => {
  const { round, pass, lines } = reporter()
  let events = 0
  for (let second = 0; second < 3600; second += 2) {
    const isOn = second % 4 === 0
    events += (await round([], [['db', isOn ? 'created' : 'deleted']])).length
    pass(2_000)
  }
  t.equal(events, 25 + 11, '25 at once, and then one in five minutes')
  t.equal(lines.filter(({ level }) => level === 'info').length, 1800, 'the log has them all')
})

t.test('a held back Event is sent once the budget allows it', async (t) => {
  const { round, pass, againAfterMs } = reporter()
  for (let i = 0; i < 25; i++) await round([], [['db', 'updated']])
  const a = failure('a', 'AKV_FORBIDDEN')
  t.strictSame(await round([a]), [])
  t.equal(againAfterMs(), 300_000)
  pass(300_000)
  t.equal((await round([a])).length, 1)
  t.strictSame(await round([a]), [])
})

t.test('a subject that alternates between errors reports each code once', async (t) => {
  const { round } = reporter()
  const codes = ['AKV_NETWORK', 'AKV_VAULT_UNAVAILABLE'] as const
  let events = 0
  for (let i = 0; i < 10; i++)
    events += (await round([failure('a', codes[i % 2] ?? 'AKV_NETWORK')])).length
  t.equal(events, 2)
})

t.test(
  'one cause gives one Event for all its subjects, and a new subject is reported',
  async (t) => {
    const { round } = reporter()
    const down = 'vault team-a could not be reached'
    const all = ['a', 'b', 'c'].map((name) => failure(name, 'AKV_NETWORK', down))
    t.strictSame((await round(all)).length, 1)
    const absent = failure('d', 'AKV_OBJECT_NOT_FOUND')
    t.match(await round([...all, absent]), [/AKV_OBJECT_NOT_FOUND: d failed/])
    t.match(await round([...all, absent, failure('e', 'AKV_OBJECT_NOT_FOUND')]), [/: e failed\./])
  },
)

t.test('the recovery is reported only after all failures have ended', async (t) => {
  const { round } = reporter()
  await round([failure('a', 'AKV_NETWORK'), failure('b', 'AKV_FORBIDDEN')])
  t.strictSame(await round([failure('b', 'AKV_FORBIDDEN')]), [])
  t.equal((await round([failure('a', 'AKV_NETWORK'), failure('b', 'AKV_FORBIDDEN')])).length, 1)
})

t.test('an outage of the API server ends no failure and repeats no report', async (t) => {
  const { round } = reporter()
  const a = failure('a', 'AKV_FORBIDDEN')
  await round([a])
  for (const code of ['AKV_CLUSTER_UNAVAILABLE', 'AKV_CLUSTER_FORBIDDEN'] as const) {
    t.equal((await round([failure('account web', code)])).length, 1)
    t.strictSame(await round([a]), [])
  }
  t.strictSame(await round([]), ['Normal Synced: everything is in sync again'])
  t.equal((await round([a])).length, 1)
})

t.test('Events that the API server could not accept are sent later', async (t) => {
  const { round, setDown, lines } = reporter()
  setDown(true)
  t.strictSame(await round([failure('a', 'AKV_NETWORK')]), [])
  t.match(lines, [{ level: 'warn', code: 'AKV_NETWORK' }, { level: 'debug' }], 'the log has it')
  setDown(false)
  t.equal((await round([failure('a', 'AKV_NETWORK')])).length, 1)
})

t.test('a failure that was never reported needs no recovery Event', async (t) => {
  const { round, setDown } = reporter()
  setDown(true)
  await round([failure('a', 'AKV_NETWORK')])
  setDown(false)
  t.strictSame(await round([]), [])
})

t.test('all changes of a round are one Event', async (t) => {
  const { round } = reporter()
  const changes = [
    ['a', 'created'],
    ['b', 'created'],
    ['c', 'updated'],
  ] as const
  t.strictSame(await round([], changes), ['Normal Synced: created Secrets a, b; updated Secret c'])
})

t.test('a long report is shortened, and the remedy is kept', async (t) => {
  const { round, lines } = reporter()
  const many = Array.from({ length: 50 }, (_, i) =>
    failure(`object-${i}`, 'AKV_OBJECT_NOT_FOUND', `${'x'.repeat(300)} ${i}`),
  )
  const [event = ''] = await round(many)
  t.ok(event.length < 1024)
  t.match(event, /…; and 45 more\. Create or recover the object/)
  t.strictSame(
    lines.map(({ message }) => message),
    many.map(({ error }) => error.message),
    'the log has all of all',
  )
})
