import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
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

t.test('at the gate, it waits until the file has content', async (t) => {
  const gate = join(t.testdir({ gate: '' }), 'gate')
  for (const path of [gate, `${gate}-absent`])
    t.match(await awaitFiles(['-s', path], 0), {
      exitCode: 1,
      message: 'not everything is written yet',
    })
  const waiting = awaitFiles(['-s', gate], Number.POSITIVE_INFINITY)
  writeFileSync(gate, 'open')
  t.strictSame(await waiting, { exitCode: 0 })
})

t.test('as a hook, it passes in any case, in silence', async (t) => {
  const gate = join(t.testdir({ gate: '' }), 'gate')
  for (const seconds of ['0', '1']) {
    const startedMs = performance.now()
    t.strictSame(await probe('-s', gate, '-o', seconds), { stdout: '', stderr: '' })
    t.ok(performance.now() - startedMs >= Number(seconds) * 1_000)
  }
  writeFileSync(gate, 'open')
  t.strictSame(await awaitFiles(['-s', gate, '-o', '999']), { exitCode: 0 })
})

t.test('two conditions must both be true, and the message is that of the first', async (t) => {
  const folder = t.testdir({ gate: '' })
  const [gate, fresh] = [join(folder, 'gate'), join(folder, '..fresh')]
  const look = () => awaitFiles(['-s', gate, '-a', '-e', fresh], 0)
  t.match(await look(), { exitCode: 1, message: 'not everything is written yet' })
  writeFileSync(gate, 'open')
  t.match(await look(), { exitCode: 1, message: 'the objects have been stale for too long' })
  writeFileSync(fresh, '')
  t.strictSame(await look(), { exitCode: 0 })
})

t.test('await-files refuses any other use of test(1)', async (t) => {
  const folder = t.testdir()
  const wrong = [
    ...[[], ['-e'], ['-e', ''], ['-f', folder], ['-e', folder, 'more'], ['-s']],
    ...[['-o'], ['-o', ''], ['-o', '-1'], ['-o', '1.5'], ['-o', '1000'], ['-o', '1', '-a']].map(
      (rest) => ['-s', folder, ...rest],
    ),
    ...[['-a'], ['-a', '-f', folder], ['-b', '-e', folder]].map((rest) => ['-e', folder, ...rest]),
  ]
  for (const args of wrong)
    t.match(await awaitFiles(args, 0), { exitCode: 2, message: /^usage: test / }, args.join(' '))
  await t.rejects(probe(), { code: 2, stdout: /^usage: test / })
})
