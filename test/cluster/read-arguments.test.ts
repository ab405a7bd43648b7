import t from 'tap'
import { readArguments } from './read-arguments.ts'

t.test('files, the version and options of other programs are told apart', async (t) => {
  const expected = {
    required: true,
    kubernetes: '1.33',
    fastStart: false,
    files: ['a.test.ts'],
    others: ['--smoke'],
  }
  for (const version of [['--kubernetes', '1.33'], ['--kubernetes=1.33']])
    t.strictSame(readArguments(['--required', ...version, 'a.test.ts', '--smoke']), expected)
  t.strictSame(readArguments(['--fast-start']), {
    required: false,
    fastStart: true,
    files: [],
    others: [],
  })
})

t.test('a version that can’t be built is refused', async (t) => {
  const refusal = { message: '--kubernetes takes one of 1.33, 1.35, 1.36, 1.37' }
  for (const version of ['1.32', '1.36.3', 'latest', ''])
    t.throws(() => readArguments([`--kubernetes=${version}`]), refusal)
  t.throws(() => readArguments(['--kubernetes']), refusal)
})
