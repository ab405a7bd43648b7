import t from 'tap'
import { otherWriters, storeFreeAfterMs } from '../../../sync/status/other-writers.ts'

const minuteMs = 60_000
const seen = (...times: readonly number[]) => ({
  namespace: 'shop',
  name: 'db',
  uid: 'u',
  resourceVersion: '1',
  createdAtMs: 0,
  content: { kind: 'kept', text: '{}', refreshInterval: '30m', claims: [], bytes: 1 } as const,
  status: {
    otherWrites: times
      .toSorted((a, b) => b - a)
      .map((atMs) => ({ manager: 'external-secrets', atMs })),
  },
})

t.test('each further write by the other controller is the same problem', async (t) => {
  const nowMs = 1_000 * minuteMs
  const problem = (minutesAgo: number) =>
    otherWriters([seen(nowMs - minutesAgo * minuteMs)], nowMs).problems.get('db')
  t.equal(
    problem(1),
    'is managed by external-secrets, which wrote its status in the last 60 minutes; stop that controller for this namespace first',
  )
  t.equal(problem(31), problem(1), 'or the account would ask for all of its values')
  t.equal(problem(60), undefined)
})

t.test('a write in the far future never happened, and hides no earlier one', async (t) => {
  const nowMs = 1_000 * minuteMs
  const kept = (...minutesAhead: readonly number[]) =>
    otherWriters([seen(...minutesAhead.map((ahead) => nowMs + ahead * minuteMs))], nowMs)
  const freeAfter = (...minutesAhead: readonly number[]) =>
    storeFreeAfterMs(seen(...minutesAhead.map((ahead) => nowMs + ahead * minuteMs)), nowMs)
  t.equal(kept(10).problems.size, 1, 'the clock of the API server may be ahead')
  t.strictSame(kept(11), { problems: new Map(), nextAfterMs: undefined })
  t.equal(kept(11, -1).problems.size, 1)
  t.equal(freeAfter(1e9), 0)
  t.equal(freeAfter(1e9, -1), 9 * minuteMs)
})
