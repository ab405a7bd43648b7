import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { held, keep, lastLines, temporaryFolder } from './keep.ts'

const module = join(import.meta.dirname, 'keep.ts')

t.test('a program that is stopped may end in its own way', async (t) => {
  const logFile = join(t.testdir(), 'log')
  const script = 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done'
  const kept = keep({ program: '/bin/sh', args: ['-c', script], logFile })
  while (lastLines(logFile) !== 'ready') await delay(10)
  t.equal(await kept.stop(), 7)
})

t.test('a program that is killed has ended, and may be killed again', async (t) => {
  const logFile = join(t.testdir(), 'log')
  const kept = keep({ program: '/bin/sleep', args: ['1000'], logFile })
  kept.kill()
  t.equal(await kept.ended, null)
  kept.kill()
})

t.test('what a program says is in its log, and its end is seen', async (t) => {
  const logFile = join(t.testdir(), 'log')
  await keep({ program: '/bin/echo', args: ['a b', '$HOME'], logFile }).ended
  t.equal(lastLines(logFile), 'a b $HOME')
})

t.test('programs end with us, even when we are killed', async (t) => {
  const folder = t.testdir()
  const script = `
    const { keep } = await import(${JSON.stringify(module)})
    const args = ['-c', 'echo $$; exec sleep 1000']
    keep({ program: '/bin/sh', args, logFile: ${JSON.stringify(join(folder, 'log'))} })
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  const pid = () => Number(readFileSync(join(folder, 'log'), 'utf8'))
  while (!existsSync(join(folder, 'log')) || pid() === 0) await delay(20)
  t.ok(isRunning(pid()))
  parent.kill('SIGKILL')
  await once(parent, 'close')
  while (isRunning(pid())) await delay(20)
  t.pass('it is gone')
})

t.test('what a shell made it takes back, with what it knows', async (t) => {
  const folder = t.testdir()
  const made = await held({
    make: `cd "${folder}"; name=a; touch "$name"; echo "$name"`,
    undo: 'rm "$name"',
  })
  t.equal(made.said, 'a')
  t.ok(existsSync(join(folder, 'a')))
  await made.release()
  t.notOk(existsSync(join(folder, 'a')))
})

t.test('it takes it back when we are killed, too', async (t) => {
  const file = join(t.testdir(), 'file')
  const script = `
    const { held } = await import(${JSON.stringify(module)})
    await held({ make: 'touch "${file}"', undo: 'rm "${file}"' })
    console.log('made')
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(parent.stdout, 'data')
  t.ok(existsSync(file))
  parent.kill('SIGKILL')
  await once(parent, 'close')
  while (existsSync(file)) await delay(20)
  t.pass('it is gone')
})

t.test('what could not be made is an error that says why', async (t) => {
  const made = held({ make: 'echo half; echo "no such device" >&2; exit 1', undo: '' })
  await t.rejects(made, /could not do what the cluster needs: no such device$/)
})

t.test('what was half made is taken back', async (t) => {
  const folder = t.testdir()
  const made = held({
    make: `cd "${folder}"; name=a; touch "$name" seen; false; touch b`,
    undo: 'rm "$name"; rm absent; rm seen; touch undone',
  })
  await t.rejects(made, /could not do what the cluster needs: $/)
  t.strictSame(readdirSync(folder), ['undone'])
})

t.test('a temporary folder is there until it is removed', async (t) => {
  const folder = temporaryFolder()
  t.ok(existsSync(folder.path))
  folder.remove()
  t.notOk(existsSync(folder.path))
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
