import t from 'tap'
import { mutate } from '../../../webhook/core/mutate.ts'
import { requestFor } from './arbitraries.ts'
import { largePods } from './large-pods.ts'
import { policy } from './policy.ts'

/** What each of these costs is measured by test/fuzz/large-pods.test.ts. */
for (const [name, [pod, expected]] of Object.entries(largePods))
  t.test(`${name}: there is a bound`, async (t) => {
    const outcome = mutate(requestFor(pod), policy)
    if (outcome.kind !== 'denied') return t.match(outcome.kind, expected)
    const { problems } = outcome
    t.match(problems[0]?.sentence, expected)
    t.ok(problems.length <= 101, `${problems.length} problems`)
  })
