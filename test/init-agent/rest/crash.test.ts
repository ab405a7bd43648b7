import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runAgent } from '../../../init-agent/agent.ts'
import { takeHandover } from '../../../init-agent/rest/handover.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { type Kill, killAtEveryCall } from '../../support/kill/kill-at-every-call.ts'
import { runWithFiles } from '../../support/kill/run-with-files.ts'
import { memoryStateLog } from '../harness/memory-state-log.ts'
import { agentConfig, secretFile } from '../harness/pod.ts'
import { cannotMount, makeTmpfs, mountAt } from '../harness/tmpfs.ts'
import { delivered, list } from '../harness/volume.ts'

/** Nothing answers there. For a name, a thread of Node would open files while the descriptor 0 is free. */
const nowhere = 'https://127.0.0.1:1'
const config = agentConfig({
  files: [secretFile('a')],
  refreshSeconds: 300,
  cloud: { authorityHost: nowhere, vaultUrl: `${nowhere}/{vault}`, audience: nowhere },
})
const nowMs = 1_000_000
const goodAt = { wallMs: Date.UTC(2026, 5, 1) - 100_000, boot: { id: 'a boot', ms: 900_000 } }
const handover = { goodAt, token: { value: 'a token', expiresAtMs: 9_000_000 } }
/** Thrown where the process would be replaced: nothing after that runs. */
const replaced = new Error('the process was replaced')

/** A pod with a complete set of files. Its agent ends at its first wait. */
function makeAgent(t: Test) {
  const root = t.testdir({ files: {} })
  mountAt(join(root, 'files'), makeTmpfs(t, 'size=1m'))
  openVolumes(root, config).write({ files: delivered({ a: 'one' }), env: new Map() })
  const replacements: string[] = []
  const execve = (_file: string, args: readonly string[]): never => {
    replacements.push(args.slice(args.indexOf('--resume-after')).join(' '))
    throw replaced
  }
  const program = { path: 'main.js', root, terminationLog: '/dev/null', env: {} }
  async function run(
    resumed: Parameters<typeof runAgent>[0]['resumed'],
    {
      counted = (call) => call,
      stop = new AbortController(),
    }: Partial<Kill> & { stop?: AbortController } = {},
  ) {
    t.intercept(process, 'execve', { value: counted(execve), configurable: true, writable: true })
    const { stateLog, lines } = memoryStateLog()
    const waits: number[] = []
    const sleep = counted(async (ms: number) => {
      waits.push(ms)
      stop.abort()
    })
    const clock = { ...clockTimes(() => nowMs), random: () => 0.5, sleep }
    const life = { program, ...(resumed && { resumed }) }
    await runAgent({ config, root, env: {}, stateLog, clock, signal: stop.signal, ...life }).catch(
      (error) => {
        if (error !== replaced) throw error
      },
    )
    return { waits, lines }
  }
  return { root, replacements, run }
}

/** As a container starts. */
function emptyStandardInput(): void {
  try {
    closeSync(0)
  } catch {
    // The agent was killed after it had closed it.
  }
  if (openSync('/dev/null', 'r') !== 0) throw new Error('something else is standard input')
}

t.test(
  'killed at any call of a handover, the agent leaves nothing but its files, and a restarted one uses these and refreshes at once',
  { skip: cannotMount() },
  async (t) => {
    const { root, replacements, run } = makeAgent(t)
    const folder = join(root, 'files')
    const before = list(folder)
    const taken: unknown[] = []
    const restarts = new Set<string>()
    const calls = await killAtEveryCall(async (kill) => {
      emptyStandardInput()
      await runWithFiles(kill, async () => {
        await run({ afterMs: 250_000, ...handover }, kill)
        const found = takeHandover()
        taken.push(found)
        await run({ afterMs: 0, ...found }, kill)
      })
      emptyStandardInput()
      const { waits, lines } = await run(undefined)
      const messages = lines.map(({ message }) => message)
      restarts.add([...messages, ...waits, ...list(folder), readFileSync(join(folder, 'a'))].join())
    })
    const message = 'using the complete set left by a previous run'
    const left = before.toSpliced(2, 0, '..versions')
    t.strictSame([...restarts], [[message, 0, ...left, 'one'].join()])
    t.strictSame(taken.at(-1), handover, 'without a kill it is taken')
    t.strictSame(new Set(replacements), new Set(['--resume-after 250000 --wait --then-after 0']))
    t.strictSame(readdirSync(root), ['files'])
    t.ok(calls > 20, `killed at ${calls} calls`)
  },
)

t.test(
  'SIGTERM during a handover ends the agent in its own process',
  { skip: cannotMount() },
  async (t) => {
    const { replacements, run } = makeAgent(t)
    emptyStandardInput()
    const stop = new AbortController()
    // Before the agent looks for a signal that has arrived.
    setImmediate(() => stop.abort())
    await run({ afterMs: 250_000, ...handover }, { stop })
    t.match(takeHandover(), handover, 'it has been left')
    t.strictSame(replacements, [])
  },
)
