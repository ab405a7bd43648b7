import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { AgentConfig } from '../../../delivery/contract.ts'
import { requestMark } from '../../../delivery/refresh-request.ts'
import { startTestEmulator } from '../../support/servers/start-test-emulator.ts'
import { copyBundle } from '../../support/start-fast/copy-bundle.ts'
import { makePod, type Pod, secretFile, startAgent } from '../harness/pod.ts'
import { cannotMount, makeTmpfs, mountAt } from '../harness/tmpfs.ts'

// V8's lite mode can't strip types.
const folder = t.testdir()
await copyBundle(folder)

/** All clocks and timers of the agent's processes run 200 times as fast, so that nobody waits for half a minute. */
const fast = join(folder, 'fast.cjs')
writeFileSync(
  fast,
  `const factor = 200
  const timers = require('node:timers/promises')
  const { setTimeout } = timers
  const { uptime } = process
  Math.random = () => 1 / 2
  process.uptime = () => uptime.call(process) * factor
  timers.setTimeout = (ms, ...more) => setTimeout(ms / factor, ...more)
  require('node:module').syncBuiltinESMExports()`,
)
const fastWithoutExecve = join(folder, 'fast-without-execve.cjs')
writeFileSync(fastWithoutExecve, `require(${JSON.stringify(fast)}); delete process.execve`)

async function startPod(t: Test, config: Partial<AgentConfig>, preload: string) {
  const emulator = await startTestEmulator(t, { secrets: 'a: one' })
  const made = await makePod(t, emulator, {
    files: [secretFile('a')],
    logLevel: 'info',
    // No regular refresh, and no deadline, ends before the test.
    refreshSeconds: 1_000_000,
    timeoutSeconds: 1_000_000,
    ...config,
  })
  mountAt(made.files, makeTmpfs(t, 'size=8m'))
  const identity = join(made.root, 'identity')
  let sets = 0
  const annotate = (text: string) => {
    const set = `..set-${sets++}`
    mkdirSync(join(identity, set))
    writeFileSync(join(identity, set, 'refresh-now'), text)
    symlinkSync(set, join(identity, '..data_tmp'))
    renameSync(join(identity, '..data_tmp'), join(identity, '..data'))
  }
  symlinkSync('..data/refresh-now', join(identity, 'refresh-now'))
  annotate('the beginning')
  const pod: Pod = { ...made, program: [join(folder, 'main.js')] }
  const agent = startAgent(t, pod, { NODE_OPTIONS: `--require=${JSON.stringify(preload)}` })
  await agent.line(/all files written/)
  const args = () => readFileSync(`/proc/${agent.process.pid}/cmdline`, 'utf8').split('\0')
  return {
    ...{ emulator, agent, annotate, args },
    file: () => readFileSync(join(pod.files, 'a'), 'utf8'),
    reads: () => emulator.requests.filter(({ path }) => path.includes('/secrets/a')).length,
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await delay(5)
}

const skip = cannotMount()
const served = 'refreshed, as it was asked for'

const forms = {
  waiting: { config: {}, preload: fast, flag: '--wait' },
  lite: { config: { version: 3, staleAfterSeconds: 1e7 }, preload: fast, flag: '--lite-mode' },
  first: { config: {}, preload: fastWithoutExecve, flag: 'agent' },
} as const

for (const [form, { config, preload, flag }] of Object.entries(forms))
  t.test(`an agent that is “${form}” refreshes when it is asked to`, { skip }, async (t) => {
    const { emulator, agent, annotate, args, file, reads } = await startPod(t, config, preload)
    await until(() => args().includes(flag))
    const countOf = (text: string) => agent.lines.filter(({ message }) => message === text).length
    for (const [i, text] of ['once', 'again'].entries()) {
      t.equal(reads(), i + 1, 'nothing else has refreshed')
      emulator.rotate({ vault: 'team-a', name: 'a', value: text })
      annotate(text)
      await until(() => countOf(served) === i + 1)
      t.equal(file(), text)
      t.equal(countOf('a refresh was asked for'), i + 1)
      await until(() => agent.state()?.refreshNow?.seen === requestMark(text))
      t.type(agent.state()?.refreshNow?.at, 'string')
      await until(() => args().includes(flag))
      if (form !== 'first') await until(() => args().includes(requestMark(text)) || form === 'lite')
    }
    agent.process.kill('SIGKILL')
    await agent.exited
  })
