import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { lastLines } from './last-lines.ts'
import { startOwnedProcess } from './owned-process.ts'

const module = join(import.meta.dirname, 'owned-process.ts')

t.test('a program that is stopped can choose its exit code', async (t) => {
  const logFile = join(t.testdir(), 'log')
  const script = 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'
  const args = ['-c', script]
  const child = startOwnedProcess({ program: '/bin/sh', args, logFile, graceSeconds: 600 })
  while (lastLines(logFile) !== 'ready') await delay(10)
  t.equal(await child.stop(), 7)
})

t.test('a program that was killed can be killed again', async (t) => {
  const logFile = join(t.testdir(), 'log')
  const child = startOwnedProcess({ program: '/bin/sleep', args: ['1000'], logFile })
  child.kill()
  t.equal(await child.ended, null)
  child.kill()
})

t.test('the log file has the output of the program', async (t) => {
  const logFile = join(t.testdir(), 'log')
  await startOwnedProcess({ program: '/bin/echo', args: ['a b', '$HOME'], logFile }).ended
  t.equal(lastLines(logFile), 'a b $HOME')
})

t.test('a program ends with its parent, even if the parent is killed', async (t) => {
  const folder = t.testdir()
  const script = `
    const { startOwnedProcess } = await import(${JSON.stringify(module)})
    const args = ['-c', 'echo $$; exec sleep 1000']
    startOwnedProcess({ program: '/bin/sh', args, logFile: ${JSON.stringify(join(folder, 'log'))} })
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  const pid = () => Number(readFileSync(join(folder, 'log'), 'utf8'))
  while (!existsSync(join(folder, 'log')) || pid() === 0) await delay(20)
  t.ok(isRunning(pid()))
  parent.kill('SIGKILL')
  await once(parent, 'close')
  while (isRunning(pid())) await delay(20)
  t.pass('the program ended')
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
