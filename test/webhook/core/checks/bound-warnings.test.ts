import t from 'tap'
import { boundWarnings } from '../../../../webhook/core/checks/bound-warnings.ts'

t.test('warnings that the API server would show stay as they are', async (t) => {
  const warnings = Array.from({ length: 16 }, (_, i) => `${i}`.padEnd(256, '.'))
  t.strictSame(boundWarnings(warnings), warnings)
  t.strictSame(boundWarnings(['a', 'b', 'a']), ['a', 'b'], 'each once')
})

t.test('warnings beyond the bound are counted in the last one', async (t) => {
  const bounded = boundWarnings(Array.from({ length: 1000 }, (_, i) => `${i}`))
  t.equal(bounded.length, 16)
  t.equal(bounded.at(-1), 'akv-injector: 985 more warnings')
})

t.test('a longer warning is cut, never within a character', async (t) => {
  for (const text of ['x'.repeat(300), `${'x'.repeat(254)}\u{1f511}key`]) {
    const [warning = ''] = boundWarnings([text])
    t.equal(warning.length, 256)
    t.ok(warning.endsWith('…'))
    t.ok(warning.isWellFormed())
  }
})
