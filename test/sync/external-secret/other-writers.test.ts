import t from 'tap'
import { otherWriters } from '../../../sync/external-secret/other-writers.ts'

const minuteMs = 60_000
const seen = (atMs: number) => ({
  namespace: 'shop',
  name: 'db',
  uid: 'u',
  resourceVersion: '1',
  createdAtMs: 0,
  content: { kind: 'kept', spec: { refreshInterval: '30m' }, claims: [], characters: 1 } as const,
  status: { writtenBy: { manager: 'external-secrets', atMs } },
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
