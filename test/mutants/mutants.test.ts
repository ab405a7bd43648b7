import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { chooseMutants, chooseOfEach } from './choose-mutants.ts'
import { applyMutant, findMutants } from './find-mutants.ts'
import { nearestTests } from './nearest-tests.ts'
import { newFiles } from './new-files.ts'
import { survivors } from './survivors.ts'
import { tryMutant } from './try-mutant.ts'
import type { Verdict } from './workspace.ts'

// Node calls the stripping of types experimental, each time.
process.removeAllListeners('warning')

const root = join(import.meta.dirname, '../..')

/** The changed text of each fault in a source of one line. */
const changed = (source: string) =>
  findMutants('a.ts', source).map((mutant) => applyMutant(source, mutant))

t.test('each kind of fault is found, and nothing else changes', async (t) => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'const a = (b: number): boolean => b < c': [
      'const a = (b: number): boolean => undefined',
      'const a = (b: number): boolean => b <= c',
    ],
    'f(a && b)': ['void 0', 'f(a || b)'],
    'x = a ?? b': ['void 0', 'x = a'],
    'if (a) b()': ['if (!(a)) b()', 'if (a) void 0'],
    'if (!a) b()': ['if (a) b()', 'if (!a) void 0'],
    'if (a === b) await c()': ['if (a !== b) await c()', 'if (a === b) void 0', 'if (a === b) c()'],
    'function f(): number { return 1 }': [
      'function f(): number { return undefined }',
      'function f(): number { return 2 }',
    ],
    'const a = signal.aborted ? b : c': [
      'const a = !(signal.aborted) ? b : c',
      'const a = false ? b : c',
    ],
    'const a = b.filter(c).some(d)': ['const a = b.some(d)', 'const a = b.filter(c).every(d)'],
    "switch (a) { case 'b': }": ["switch (a) { case 'of a mutant': }"],
    'interface A { readonly a: 1 | true }': [],
  }
  for (const [source, mutants] of Object.entries(cases))
    t.strictSame([...changed(source)].sort(), [...mutants].sort(), source)
})

t.test('a survivor is known by its line, wherever that is', async (t) => {
  const [mutant] = findMutants('a.ts', '\n\nfunction f() {\n  return g({\n    a })\n}\n')
  t.match(mutant, { line: 4, kind: 'return', from: 'return g({', to: 'return undefined' })
})

t.test('the same seed chooses the same mutants, and rare kinds are among them', async (t) => {
  const source = `${'a(1)\n'.repeat(500)}a(true ?? b)\nif (c) d()\n`
  const all = findMutants('a.ts', source)
  const chosen = (seed: number) => chooseMutants(all, { count: 12, seed })
  t.equal(chosen(1).length, 12)
  t.strictSame(chosen(1), chosen(1))
  t.strictNotSame(chosen(1), chosen(2))
  t.strictSame([...new Set(chosen(3).map(({ kind }) => kind))].sort(), [
    'condition',
    'default',
    'literal',
    'statement',
  ])
})

t.test('each new file gets some mutants, however many there are elsewhere', async (t) => {
  const source = 'a(1)\n'.repeat(50)
  const names = ['old.ts', 'new.ts', 'newer.ts', 'short.ts']
  const all = names.flatMap((name) => findMutants(name, name === 'short.ts' ? 'a()\n' : source))
  const files = new Set(['new.ts', 'newer.ts', 'short.ts', 'without.ts'])
  const chosen = Map.groupBy(chooseOfEach(all, { files, each: 5, seed: 1 }), ({ file }) => file)
  t.strictSame(
    [...chosen].map(([file, mutants]) => `${file} ${mutants.length}`),
    ['new.ts 5', 'newer.ts 5', 'short.ts 1'],
  )
})

t.test('a file is new if half of its lines are, or if it isn’t committed', async (t) => {
  const folder = t.testdir()
  const write = (name: string, letters: string) =>
    writeFileSync(join(folder, name), [...letters, ''].join('\n'))
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x.example', ...args], {
      cwd: folder,
      encoding: 'utf8',
    })
  const commit = () => {
    git('add', '.')
    git('commit', '--quiet', '--message=x')
    return git('rev-parse', 'HEAD').trim()
  }
  git('init', '--quiet')
  for (const name of ['same', 'changed', 'rewritten']) write(name, 'abcdef')
  write('moved', 'ghijklmnop')
  const since = commit()
  rmSync(join(folder, 'moved'))
  write('moved-here', 'ghijklmnoX')
  write('changed', 'abcdeX')
  write('rewritten', 'abXXXX')
  write('added', 'abc')
  commit()
  write('untracked', 'abc')
  const paths = ['same', 'changed', 'rewritten', 'moved-here', 'added', 'untracked']
  t.strictSame([...newFiles(folder, { since, paths })], ['rewritten', 'added', 'untracked'])
  t.throws(() => newFiles(folder, { since: 'no-such-commit', paths }))
})

t.test('the tests that import a file come first, then those that import these users', async (t) => {
  const users = new Map([
    ['lib/a.ts', ['lib/b.ts', 'test/sync/x.test.ts', 'test/lib/a.test.ts']],
    ['lib/b.ts', ['lib/a.ts', 'test/lib/b.test.ts', 'test/lib/a.test.ts']],
  ])
  t.strictSame(nearestTests(users, 'lib/a.ts'), [
    'test/lib/a.test.ts',
    'test/sync/x.test.ts',
    'test/lib/b.test.ts',
  ])
})

t.test('a mutant is killed only by a test that passes without it', async (t) => {
  const source = readFileSync(join(root, 'lib/reason-of.ts'), 'utf8')
  const [mutant] = findMutants('lib/reason-of.ts', source)
  if (mutant === undefined) throw new Error('lib/reason-of.ts has no mutants')
  const run = async (tests: Readonly<Record<string, readonly [Verdict, Verdict]>>) => {
    let isMutated = false
    const workspace = {
      write: (_: string, text: string) => {
        isMutated = text !== source
      },
      runTest: async (test: string) => tests[test]?.[isMutated ? 1 : 0] ?? 'passed',
      remove: () => undefined,
    }
    const trial = { root, workspace, tests: Object.keys(tests), unmutated: new Map() }
    return await tryMutant(mutant, trial)
  }
  const broken = ['failed', 'failed'] as const
  const blind = ['passed', 'passed'] as const
  t.match(await run({ broken, blind }), { kind: 'survived', tests: 1 })
  t.match(await run({ broken, good: ['passed', 'failed'] }), { kind: 'killed', test: 'good' })
  t.match(await run({ blind, good: ['passed', 'hung'] }), { kind: 'hung', test: 'good' })
})

t.test('each judged survivor can still be made, and has a reason', async (t) => {
  for (const { file, from, to, why } of survivors) {
    const mutants = existsSync(join(root, file))
      ? findMutants(file, readFileSync(join(root, file), 'utf8'))
      : []
    const isKnown = mutants.some((mutant) => mutant.from === from && mutant.to === to)
    t.ok(isKnown, `remove from test/mutants/survivors.json: ${file}: ${to}`)
    t.ok(why.length > 20, file)
  }
})
