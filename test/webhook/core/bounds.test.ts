import t from 'tap'
import { mutate } from '../../../webhook/core/mutate.ts'
import { requestFor } from './arbitraries.ts'
import { largePods } from './large-pods.ts'
import { policy } from './policy.ts'

/** What each of these costs is measured by test/fuzz/large-pods.test.ts. */
for (const [name, [pod, expected]] of Object.entries(largePods))
  t.test(`${name}: there is a bound`, async (t) => {
    const outcome = mutate(requestFor(pod), policy)
    const problems = outcome.kind === 'denied' ? outcome.problems : []
    t.match(problems[0]?.sentence ?? outcome.kind, expected)
    t.ok(problems.length <= 101, `${problems.length} problems`)
  })
