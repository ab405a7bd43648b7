import t from 'tap'
import { annotationPath, plainProblem } from '../../../../lib/problems/problem.ts'
import { boundWarnings } from '../../../../webhook/core/checks/bound-warnings.ts'
import { describeWarning } from '../../../../webhook/core/model/outcome.ts'

/** What kubectl shows of sentences. */
const shown = (sentences: readonly string[]) =>
  boundWarnings(sentences.map((sentence) => plainProblem(sentence))).map(describeWarning)
const prefixed = (sentence: string) => `akv-injector: ${sentence}`

t.test('warnings that the API server would show stay as they are', async (t) => {
  const longest = 256 - prefixed('').length
  const warnings = Array.from({ length: 16 }, (_, i) => `${i}`.padEnd(longest, '.'))
  t.strictSame(shown(warnings), warnings.map(prefixed))
  t.strictSame(shown(['a', 'b', 'a']), ['a', 'b'].map(prefixed), 'each once')
})

t.test('warnings beyond the bound are counted in the last one', async (t) => {
  const bounded = shown(Array.from({ length: 1000 }, (_, i) => `${i}`))
  t.equal(bounded.length, 16)
  t.equal(bounded.at(-1), 'akv-injector: 985 more warnings')
})

t.test('a longer warning is cut, never within a character, and keeps its place', async (t) => {
  for (const text of ['x'.repeat(300), `${'x'.repeat(240)}\u{1f511}key`]) {
    const path = annotationPath('akv-injector.io/refresh')
    const [bounded] = boundWarnings([plainProblem(text, path)])
    const warning = bounded === undefined ? '' : describeWarning(bounded)
    t.equal(warning.length, 256)
    t.ok(warning.endsWith('…'))
    t.ok(warning.isWellFormed())
    t.strictSame(bounded?.path, path)
  }
})
