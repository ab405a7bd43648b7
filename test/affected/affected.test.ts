import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readUsers } from '../support/users-of-files.ts'
import { findAffected } from './find-affected.ts'
import { tapFiles } from './tap-files.ts'

const root = join(import.meta.dirname, '../..')
const code = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  // This file names others without using them.
  .filter((path) => !path.startsWith('test/affected/') && existsSync(join(root, path)))
const users = readUsers(root, code)
const affectedBy = (...changed: readonly string[]) => findAffected({ root, users }, changed)
const foldersOf = (tests: readonly string[]) => [
  ...new Set(tests.map((test) => test.split('/')[1] ?? '')),
]

t.test('a change in a room of the command line runs the tests of that room', async (t) => {
  const { tests, everywhere } = affectedBy('operate/who/who.ts')
  t.ok(tests.includes('test/operate/who/who.test.ts'))
  t.strictSame(foldersOf(tests).toSorted(), ['cli', 'docs', 'manifests', 'operate'])
  t.strictSame(everywhere, [])
})

t.test('a change of what everything imports runs most tests', async (t) => {
  const all = code.filter((path) => path.endsWith('.test.ts'))
  const { tests } = affectedBy('lib/clock.ts')
  t.ok(tests.length > all.length / 2, `${tests.length} of ${all.length}`)
})

t.test('a fixture, a page and a manifest run the tests that read them', async (t) => {
  t.ok(
    affectedBy('test/fixtures/admission/parts.yaml').tests.includes(
      'test/webhook/core/golden.test.ts',
    ),
  )
  for (const [file, test] of [
    [
      'manifests/chart/files/trusted-metadata.json',
      'test/requests/secret/metadata-problems.test.ts',
    ],
    ['manifests/examples/vault.yaml', 'test/laptop/fetch/fetch.test.ts'],
    ['docs/certificates.md', 'test/certs/settings.test.ts'],
    ['docs/operate.md', 'test/manifests/metrics/alerts.test.ts'],
    ['Containerfile', 'test/init-agent/code-cache.test.ts'],
  ] as const)
    t.ok(affectedBy(file).tests.includes(test), `${file} runs ${test}`)
  t.ok(affectedBy('docs/check.md').tests.includes('test/docs/docs.test.ts'))
  t.ok(affectedBy('manifests/chart/values.yaml').tests.some((test) => /manifests/.test(test)))
})

t.test('a file that anything may depend on is named', async (t) => {
  t.strictSame(affectedBy('package.json'), { tests: [], everywhere: ['package.json'] })
})

t.test('tests run in the process of their folder, if they need none of their own', async (t) => {
  const together = ['test/lib/clock.test.ts', 'test/lib/server/a.test.ts']
  t.strictSame(
    tapFiles([
      ...together,
      'test/lib/b.alone.test.ts',
      'test/layout.test.ts',
      'test/fuzz/c.test.ts',
    ]),
    {
      files: ['test/lib/all.ts', 'test/lib/b.alone.test.ts', 'test/layout.test.ts'],
      chosen: together,
    },
  )
})
