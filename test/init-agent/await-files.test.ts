import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { awaitFiles } from '../../init-agent/await-files.ts'

const program = join(import.meta.dirname, '../../init-agent/await-files.ts')
const probe = (link: string, seconds: string) =>
  promisify(execFile)(process.execPath, [program, link, seconds])

t.test('the probe passes at once if everything is written', async (t) => {
  await t.resolves(probe(t.testdir(), '0'))
})

t.test('it passes when the last file appears', async (t) => {
  const link = join(t.testdir(), '..data')
  const waiting = awaitFiles(link, Number.POSITIVE_INFINITY)
  mkdirSync(link)
  t.equal(await waiting, true)
})

t.test('it fails in words if that takes too long', async (t) => {
  const link = join(t.testdir(), '..data')
  await t.rejects(probe(link, '0'), {
    code: 1,
    stdout: 'not everything is written yet; the log of container akv-injector says why\n',
  })
})

t.test('it fails at once without a number of seconds', async (t) => {
  await t.rejects(probe(join(t.testdir(), 'absent'), 'x'), { code: 1 })
})
