import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runAgent } from '../../../init-agent/agent.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { waitMain } from '../../../init-agent/wait.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { memoryStateLog } from '../harness/memory-state-log.ts'
import { agentConfig, secretFile } from '../harness/pod.ts'
import { cannotMount, makeTmpfs, mountAt } from '../harness/tmpfs.ts'
import { delivered } from '../harness/volume.ts'

const hour = 3600_000
const config = agentConfig({ files: [secretFile('a')], refreshSeconds: 15 * 3600 })
const stop = new AbortController()

/** Thrown where the process would be replaced. */
const replaced = new Error('the process was replaced')
const replacements: string[] = []
const execve = (_file: string, args: readonly string[]): never => {
  replacements.push(args.slice(args.indexOf('--resume-after')).join(' '))
  throw replaced
}
t.intercept(process, 'execve', { value: execve, configurable: true, writable: true })

t.test(
  'a waiting agent wakes up to repeat its state, and waits on for its refresh',
  { skip: cannotMount() },
  async (t) => {
    const root = t.testdir({ files: {} })
    mountAt(join(root, 'files'), makeTmpfs(t, 'size=1m'))
    openVolumes(root, config).write({ files: delivered({ a: 'one' }), env: new Map() })
    let nowMs = 1_000_000
    const program = { path: 'main.js', root, terminationLog: '/dev/null', env: {} }
    async function resume(afterMs: number) {
      closeSync(0)
      if (openSync('/dev/null', 'r') !== 0) throw new Error('something else is standard input')
      const { stateLog, written } = memoryStateLog()
      const sleep = async (ms: number) => {
        if (ms > 0) throw new Error('it waits in its own process')
      }
      const clock = { ...clockTimes(() => nowMs, { startMs: nowMs }), random: () => 0.5, sleep }
      const resumed = { afterMs, goodAt: { wallMs: nowMs, boot: { id: 'a boot', ms: nowMs } } }
      const { signal } = stop
      const life = { config, root, env: {}, stateLog, clock, signal, program, resumed }
      // Tap's output would be in the way: an agent that has yet to write its own isn't replaced.
      const end = await runAgent(life).catch((error) => error)
      if (end !== replaced) throw end
      return { told: written.length, replacement: replacements.pop() }
    }
    const waiting = (ms: number, thenMs: number) =>
      `--resume-after ${ms} --wait --then-after ${thenMs}`
    const found = [await resume(15 * hour)]
    nowMs += 12 * hour
    found.push(await resume(3 * hour), await resume(3 * hour))
    t.strictSame(found, [
      { told: 0, replacement: waiting(12 * hour, 3 * hour) },
      { told: 1, replacement: waiting(3 * hour, 0) },
      { told: 0, replacement: waiting(3 * hour, 0) },
    ])
  },
)

t.test('the agent that follows a waiting process waits for the rest of the time', async (t) => {
  const options = { root: '/nowhere', terminationLog: '/dev/null', program: 'main.js' }
  await t.rejects(waitMain({ ...options, resumeAfterMs: 1, thenAfterMs: 5000 }), replaced)
  await t.rejects(waitMain({ ...options, resumeAfterMs: 1 }), replaced)
  t.strictSame(replacements, ['--resume-after 5000', '--resume-after 0'])
})
