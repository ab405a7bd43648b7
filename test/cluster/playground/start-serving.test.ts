import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createWorking } from './working.ts'

const program = join(import.meta.dirname, 'start-serving.ts')

/** Runs `npm run cluster` as far as it concerns this process, with a script in place of the cluster. */
async function runUp(folder: string, script: string) {
  const serve = join(folder, 'serve.mjs')
  const up = join(folder, 'up.mjs')
  writeFileSync(serve, script)
  writeFileSync(
    up,
    `import { openSync } from 'node:fs'
    import { startServing } from ${JSON.stringify(program)}
    try {
      const state = await startServing({
        args: [${JSON.stringify(serve)}],
        log: openSync(${JSON.stringify(join(folder, 'log'))}, 'a'),
        onProgress: (line) => console.log('progress', line),
      })
      console.log('ready', state.pid)
    } catch (error) {
      console.log(error.message)
      process.exitCode = 1
    }`,
  )
  const ended = promisify(execFile)(process.execPath, [up]).then(
    (output) => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  )
  return await ended
}

t.test('a cluster that is killed while it starts is a failure with a reason', async (t) => {
  // The channel between the processes closes first, and that must not end the process that waits.
  const script = `process.send({ kind: 'progress', line: 'one' }, () => {
    process.disconnect()
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200)
  })`
  const { code, stdout, stderr } = await runUp(t.testdir(), script)
  t.strictSame({ code, stderr }, { code: 1, stderr: '' })
  t.equal(stdout, 'progress one\nthe process ended before the cluster was ready\n')
})

t.test('a cluster that runs keeps running, and nobody waits for it', async (t) => {
  const script = `process.send({ kind: 'ready', state: { pid: process.pid } }, () => process.disconnect())
    setTimeout(() => {}, 600_000)`
  const { code, stdout, stderr } = await runUp(t.testdir(), script)
  const [, pid = ''] = /^ready (\d+)\n$/.exec(stdout) ?? []
  t.strictSame({ code, stderr }, { code: 0, stderr: '' })
  t.ok(process.kill(Number(pid), 'SIGKILL'))
})

t.test('a cluster that can’t start says why', async (t) => {
  const script = `process.send({ kind: 'failed', line: 'no Go' }, () => process.disconnect())`
  t.match(await runUp(t.testdir(), script), { code: 1, stdout: 'no Go\n', stderr: '' })
})

t.test('a pipe gets a line now and then, until the work is done', async (t) => {
  const lines: string[] = []
  const working = createWorking({
    isTerminal: false,
    say: (line) => lines.push(line),
    everyMs: 1,
  })
  working.show('working')
  while (lines.length < 3) await new Promise((resolve) => setTimeout(resolve, 1))
  working.hide()
  t.match(lines[0], /^working … \d+ s$/)
  const before = lines.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(lines.length, before)
})
