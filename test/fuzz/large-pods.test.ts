import t from 'tap'
import { largePods } from '../webhook/core/large-pods.ts'
import { assertCheap } from './harness/review-cost.ts'

for (const [name, [pod]] of Object.entries(largePods))
  t.test(`${name}: the review is cheap`, async (t) => {
    t.doesNotThrow(() => assertCheap(pod))
  })

t.test('a review in quadratic time is found to be expensive', async (t) => {
  // The expression tries each position, and from each it reads all digits that follow.
  const quadratic = (review: unknown) => /1+x/.test(JSON.stringify(review))
  const pod = { metadata: { annotations: { 'akv-injector.io/agent-limits': '1'.repeat(40_000) } } }
  t.throws(() => assertCheap(pod, quadratic), /a review takes/)
})
