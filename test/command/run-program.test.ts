import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runProgram } from '../../command/run-program.ts'

const limits = { env: process.env, maxBytes: 1024, timeoutMs: 600_000 }
/** Starts a process of its own that sleeps and keeps standard output open, so the end is known only when both have ended. */
const sleeps = (file: string) => ['/bin/sh', '-c', `sleep 600 & touch '${file}'; wait`] as const

t.test('an abort ends a program and what it has started', async (t) => {
  const file = join(t.testdir(), 'started')
  const abort = new AbortController()
  const handlers = process.listenerCount('SIGINT')
  const end = runProgram(sleeps(file), { ...limits, abort: abort.signal })
  while (!existsSync(file)) await new Promise((go) => setTimeout(go, 10))
  t.equal(process.listenerCount('SIGINT'), handlers, 'the caller handles signals')
  abort.abort()
  t.match(await end, { kind: 'ended', code: null })
})

t.test('after an abort, no program is started', async (t) => {
  // Starting it would fail, with another answer.
  const end = await runProgram(['/absent'], { ...limits, abort: AbortSignal.abort() })
  t.strictSame(end, { kind: 'ended', code: null, stdout: '', stderr: '' })
})

t.test('a program that has ended leaves nothing on the signal', async (t) => {
  const { signal } = new AbortController()
  let listeners = 0
  const count = { add: signal.addEventListener, remove: signal.removeEventListener }
  signal.addEventListener = (...args: Parameters<typeof count.add>) => {
    listeners += 1
    count.add.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof count.remove>) => {
    listeners -= 1
    count.remove.apply(signal, args)
  }
  const end = await runProgram(['/bin/echo', 'one'], { ...limits, abort: signal })
  t.match(end, { kind: 'ended', code: 0, stdout: 'one\n' })
  t.equal(listeners, 0)
})
