import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { awaitFiles } from '../../init-agent/await-files.ts'

const program = join(import.meta.dirname, '../../init-agent/await-files.ts')
const probe = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [program, ...args])

t.test('the probe passes at once, and in silence, if everything is written', async (t) => {
  t.strictSame(await probe('-e', t.testdir()), { stdout: '', stderr: '' })
})

t.test('await-files passes when the last file appears', async (t) => {
  const link = join(t.testdir(), '..data')
  const waiting = awaitFiles(['-e', link], Number.POSITIVE_INFINITY)
  mkdirSync(link)
  t.strictSame(await waiting, { exitCode: 0 })
})

t.test('await-files fails with a message if that takes too long', async (t) => {
  t.strictSame(await awaitFiles(['-e', join(t.testdir(), '..data')], 0), {
    exitCode: 1,
    message: 'not everything is written yet; the log of container akv-injector says why',
  })
})

t.test('as a readiness probe, it says that the objects are stale', async (t) => {
  t.strictSame(await awaitFiles(['-e', join(t.testdir(), '..fresh')], 0), {
    exitCode: 1,
    message: 'the objects have been stale for too long; the log of container akv-injector says why',
  })
})

t.test('await-files refuses any other use of test(1)', async (t) => {
  const folder = t.testdir()
  for (const args of [[], ['-e'], ['-e', ''], ['-f', folder], ['-e', folder, 'more']])
    await t.rejects(probe(...args), { code: 2, stdout: 'usage: test -e PATH\n' })
})
