import t from 'tap'
import { largePods } from '../webhook/core/large-pods.ts'
import { assertCheap } from './harness/review-cost.ts'

for (const [name, [pod]] of Object.entries(largePods))
  t.test(`${name}: the review is cheap`, async (t) => {
    t.doesNotThrow(() => assertCheap(pod))
  })
