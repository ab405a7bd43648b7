import t from 'tap'
import { type Known, verdictOf } from './judged.ts'

/** Tests the first words of verdicts: by what is tested, what is known about a pod, and the words. */
export function testVerdicts(
  cases: Readonly<Record<string, readonly [known: Known, words: string]>>,
): void {
  for (const [name, [known, words]] of Object.entries(cases))
    t.test(name, async (t) => {
      const verdict = await verdictOf(known)
      t.ok(verdict.startsWith(words), `${verdict}\n  doesn’t start with\n${words}`)
    })
}
