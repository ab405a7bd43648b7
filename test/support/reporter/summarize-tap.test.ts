import t from 'tap'
import { createTapSummary } from './summarize-tap.ts'

function report(tap: string, { showsFiles = false } = {}): readonly string[] {
  return tap.split('\n').flatMap(createTapSummary({ showsFiles }))
}

const passing = `TAP version 14
1..1
# Subtest: a.test.ts
    # Subtest: adds
        ok 1 - should be equal
        1..1
    ok 1 - adds # time=1.5ms
    1..1
    # time=2ms
ok 1 - a.test.ts # time=3ms

# No coverage generated
# { total: 1, pass: 1 }
# time=9ms`

t.test(
  'of tests that pass only the counts are reported, and on a terminal each file',
  async (t) => {
    t.strictSame(report(passing), ['# { total: 1, pass: 1 }'])
    t.strictSame(report(passing, { showsFiles: true }), [
      'ok a.test.ts # time=3ms',
      '# { total: 1, pass: 1 }',
    ])
  },
)

t.test('a failure is reported once, with its place and its diagnostics', async (t) => {
  const lines = report(`# Subtest: a.test.ts
    # Subtest: adds
        not ok 1 - should be equal
          ---
          diff: |
            -1
            +2
          ...

        1..1
    not ok 1 - adds # time=1.5ms
      ---
      at: a.test.ts
      ...
    # Subtest: subtracts
        ok 1 - should be equal
        1..1
    ok 2 - subtracts # time=1.5ms
    1..2
not ok 1 - a.test.ts # time=3ms
  ---
  exitCode: 1
  ...
# { total: 2, pass: 1, fail: 1 }`)
  t.strictSame(lines, [
    'not ok a.test.ts > adds > should be equal',
    '  diff: |',
    '    -1',
    '    +2',
    '# { total: 2, pass: 1, fail: 1 }',
  ])
})

t.test('a file that runs with others of its folder stands for itself', async (t) => {
  const lines = report(
    `# Subtest: test/cli/all.ts
    # Subtest: test/cli/a.test.ts
        # Subtest: adds
            not ok 1 - should be equal
            1..1
        not ok 1 - adds # time=1.5ms
        1..1
    not ok 1 - test/cli/a.test.ts # time=2ms
    # Subtest: test/cli/b.test.ts
        ok 1 - should be equal
        1..1
    ok 2 - test/cli/b.test.ts # time=2ms
    1..2
not ok 1 - test/cli/all.ts # time=9ms`,
    { showsFiles: true },
  )
  t.strictSame(lines, [
    'not ok test/cli/a.test.ts > adds > should be equal',
    'ok test/cli/b.test.ts # time=2ms',
  ])
})

t.test('the file is named that ended the process of its folder', async (t) => {
  const started = `# Subtest: test/cli/all.ts
    # Subtest: test/cli/a.test.ts
        # starts
        1..0 # no tests found
    1..0 # no tests found`
  t.strictSame(report(`${started}\nnot ok 1 - test/cli/all.ts\n  ---\n  signal: SIGKILL\n  ...`), [
    'not ok test/cli/a.test.ts',
    '  signal: SIGKILL',
  ])
  t.strictSame(report(`${started}\nnot ok 1 - timeout!`), ['not ok test/cli/a.test.ts > timeout!'])
  t.strictSame(report('# Subtest: test/cli/all.ts\nnot ok 1 - test/cli/all.ts'), [
    'not ok test/cli/all.ts',
  ])
})

t.test('a file that fails although no assertion in it did is reported', async (t) => {
  const lines = report(`# Subtest: a.test.ts
    ok 1 - should be equal
    1..1
not ok 1 - a.test.ts # time=3ms
  ---
  exitCode: 3
  ...`)
  t.strictSame(lines, ['not ok a.test.ts', '  exitCode: 3'])
})

t.test('skipped tests are counted for each reason', async (t) => {
  const lines = report(`# Subtest: a.test.ts
    ok 1 - renders # SKIP Helm is missing
    ok 2 - lints # SKIP Helm is missing
    ok 3 - mounts # SKIP
    ok 4 - waits # TODO later
    1..4
ok 1 - a.test.ts # time=3ms
# { total: 5, skip: 3, todo: 1 }`)
  t.strictSame(lines.slice(-4), [
    '# 2 skipped: Helm is missing',
    '# 1 skipped: no reason',
    '# 1 skipped: TODO later',
    '# { total: 5, skip: 3, todo: 1 }',
  ])
})

t.test('skipped tests, comments and other output are kept', async (t) => {
  const lines = report(`# Subtest: a.test.ts
    # FUZZ_SEED=42
said by a program
    ok 1 - renders # SKIP Helm is missing
    1..1
ok 1 - a.test.ts # time=3ms`)
  t.strictSame(lines, [
    '# FUZZ_SEED=42',
    'said by a program',
    'a.test.ts > renders # SKIP Helm is missing',
  ])
})
