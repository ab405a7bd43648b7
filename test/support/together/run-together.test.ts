import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startsFast } from '../start-fast/bundles.ts'

const runTogether = join(import.meta.dirname, 'run-together.ts')

/** Runs test files in one process, from the project's folder, and returns its TAP without times. */
async function runFiles(t: Test, files: Readonly<Record<string, string>>) {
  const folder = t.testdir({
    ...files,
    'all.ts': `import { runTogether } from '${runTogether}'
      await runTogether(import.meta.dirname)`,
  })
  const child = spawn(process.execPath, [...startsFast, join(folder, 'all.ts')], {
    env: { ...process.env, TAP_TIMEOUT: '480' },
  })
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return { code, printed: printed.replaceAll(/ # time=.*/g, '') }
}

/** A file with one test. */
const fileOf = (test: string) => `import t from 'tap'
  t.test('a test', async (t) => { ${test} })`

t.test('each file is a test, and a failure names the file', async (t) => {
  const { code, printed } = await runFiles(t, {
    'a.test.ts': fileOf("t.pass('first')"),
    'b.test.ts': fileOf("t.fail('second')"),
    'c.alone.test.ts': fileOf("t.fail('needs its own process')"),
  })
  t.equal(code, 1)
  t.match(printed, /^ {8}ok 1 - first$[\s\S]*^ok 1 - \S+\/a\.test\.ts$/m)
  t.match(printed, /^ {8}not ok 1 - second$[\s\S]*^not ok 2 - \S+\/b\.test\.ts$/m)
  t.match(printed, /^1\.\.2$/m)
})

t.test('what a file changes about the process is restored after it', async (t) => {
  const state = `[
    process.cwd(), process.env.HOME, process.env.LEFT_BEHIND, process.exitCode,
    process.listenerCount('SIGTERM'), process.argv.length
  ]`
  const { code, printed } = await runFiles(t, {
    'a.test.ts': `import t from 'tap'
      globalThis.before = ${state}
      globalThis.folder = t.testdir()
      process.env.LEFT_BEHIND = '1'
      delete process.env.HOME
      process.chdir('/')
      process.exitCode = 3
      process.on('SIGTERM', () => {})
      process.argv = []
      t.pass()`,
    'b.test.ts': fileOf(`
      t.strictSame(${state}, globalThis.before)
      t.not(t.testdir(), globalThis.folder)`),
  })
  t.equal(code, 0, printed)
  t.match(printed, /^1\.\.2$/m)
})

t.test('a file that ends the process is named, and so is one that can’t be loaded', async (t) => {
  const ended = await runFiles(t, { 'a.test.ts': fileOf('process.exit()') })
  t.equal(ended.code, 1)
  t.match(ended.printed, /test: a test[\s\S]*^not ok 1 - \S+\/a\.test\.ts$/m)

  const broken = await runFiles(t, { 'a.test.ts': "import './none.ts'", 'b.test.ts': fileOf('') })
  t.equal(broken.code, 1)
  t.match(broken.printed, /Cannot find module[\s\S]*^not ok 1 - \S+\/a\.test\.ts$/m)
  t.match(broken.printed, /^ok 2 - \S+\/b\.test\.ts$/m)
})
