import t from 'tap'
import { createEventBudget } from '../../../sync/cluster/event-budget.ts'

const minutes = 60_000

t.test(
  'each account has its own budget, and recreating the account doesn’t renew it',
  async (t) => {
    let nowMs = 0
    const { take } = createEventBudget({ now: () => nowMs })
    const web = { namespace: 'team-a', name: 'web' }
    const taken = (account: typeof web, tries: number) =>
      Array.from({ length: tries }, () => take(account)).filter(Boolean).length
    t.equal(taken(web, 100), 25)
    t.equal(taken({ ...web, name: 'api' }, 1), 1)
    t.equal(taken({ ...web, namespace: 'team-b' }, 1), 1)
    nowMs += 5 * minutes
    t.equal(taken(web, 100), 1, 'one in five minutes')
    nowMs += 24 * 60 * minutes
    t.equal(taken(web, 100), 25, 'and not more than a bucket after a quiet day')
  },
)
