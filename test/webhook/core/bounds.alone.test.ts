import t from 'tap'
import { mutate } from '../../../webhook/core/mutate.ts'
import { countSteps } from '../../support/count-steps.ts'
import { requestFor } from './arbitraries.ts'
import { largePods } from './large-pods.ts'
import { policy } from './policy.ts'

/** The work for a review grows with its bytes and no faster. */
const maxStepsPerByte = 10
/** What even a small pod may take, if it has as much YAML as is parsed. */
const baseSteps = 1_000_000

/** What each of these costs is measured by test/fuzz/large-pods.test.ts. */
for (const [name, [pod, expected]] of Object.entries(largePods))
  t.test(`${name}: there is a bound`, async (t) => {
    const bytes = Buffer.byteLength(JSON.stringify(pod))
    const { value: outcome, steps } = countSteps(() => mutate(requestFor(pod), policy))
    t.ok(steps <= baseSteps + bytes * maxStepsPerByte, `${steps} steps for ${bytes} bytes`)
    const problems = outcome.kind === 'denied' ? outcome.problems : []
    t.match(problems[0]?.sentence ?? outcome.kind, expected)
    t.ok(problems.length <= 101, `${problems.length} problems`)
  })
