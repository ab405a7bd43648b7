import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from '../../cluster/harness/free-ports.ts'
import { type Bench, type Figure, median, printStep } from '../bench.ts'
import {
  agentArguments,
  agentEnvironment,
  imageOptions,
  openStage,
  type Stage,
  targets,
} from './stage.ts'

/** A tmpfs, as a pod's volume is one. The agent replaces its process only there. */
const memoryFolder = '/dev/shm'
const count = 10
const firstObject = targets('secret', 1)[0]?.object.name
const maxMs = 4 * 60_000

interface Form {
  readonly what: string
  readonly refreshSeconds: number
  readonly refreshes: number
  /** A flag that the process has once it is in this form. Absent: it stays in its first form. */
  readonly flag?: '--wait' | '--lite-mode'
  /** Run before the agent. */
  readonly preload: string
  /** Serves metrics, which are scraped five times a second. */
  readonly metricsPort?: number
}

/** Of five minutes, the first wait is a random part: here three seconds. */
const soon = 'Math.random = () => 1 / 100'
/** As on a Node that can't replace its process. */
const keepsProcess = 'delete process.execve'

/** Measures the anonymous memory of an agent with 10 secrets between its refreshes, beside a Node process that waits. */
export const benchRest: Bench = async ({ isSmoke, refreshes = isSmoke ? 5 : 250 }) => {
  if (!existsSync(`${memoryFolder}/.`)) return [{ what: memoryFolder, value: 'not on this system' }]
  const lite = { refreshSeconds: 0.1, refreshes, flag: '--lite-mode', preload: '' } as const
  const [metricsPort = 0] = await freePorts(1)
  const forms: readonly Form[] = [
    { what: 'agent, only waits', refreshSeconds: 300, refreshes: 1, flag: '--wait', preload: soon },
    { what: 'agent, lite mode', ...lite },
    { what: 'agent with metrics, lite mode', ...lite, metricsPort },
    { what: 'agent, keeps its process', refreshSeconds: 0.1, refreshes, preload: keepsProcess },
  ]
  const idle = await measureIdle()
  const figures: Figure[] = [{ what: 'node, only waits', value: anonymous(idle) }]
  for (const form of forms) {
    const { bytes, cpuMs } = await measureForm(form)
    const cpu = (cpuMs / form.refreshes).toFixed(0)
    printStep(form.what)
    figures.push({
      what: form.what,
      value: `${anonymous(bytes)} after refreshes: ${form.refreshes}, ${cpu} ms of CPU each`,
      ratios: { memory: bytes / idle },
    })
  }
  return figures
}

const anonymous = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MiB anonymous`

async function measureIdle(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' })
  try {
    return await settledMemory(child)
  } finally {
    await end(child)
  }
}

async function measureForm(
  form: Form,
): Promise<{ readonly bytes: number; readonly cpuMs: number }> {
  const stage = await openStage()
  const root = mkdtempSync(join(memoryFolder, 'akv-injector-bench-'))
  const preload = join(stage.folder, 'preload.cjs')
  writeFileSync(preload, form.preload)
  const child = spawn(process.execPath, [...agentArguments(stage, join(root, 'akv'))], {
    env: {
      ...agentEnvironment(stage, {
        files: targets('secret', count),
        refreshSeconds: form.refreshSeconds,
        ...(form.metricsPort && { metricsPort: form.metricsPort }),
      }),
      NODE_OPTIONS: `${imageOptions} --require=${JSON.stringify(preload)}`,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    const untilInForm = async (refreshes: number) => {
      await untilRefreshed(stage, child, { ...form, refreshes })
      await until(() => form.flag === undefined || argumentsOf(child).includes(form.flag))
      // The form has started by then.
      await delay(500)
      return cpuMsOf(child)
    }
    const before = await untilInForm(0)
    const cpuMs = (await untilInForm(form.refreshes)) - before
    return { bytes: await settledMemory(child), cpuMs }
  } finally {
    await end(child)
    rmSync(root, { recursive: true })
    await stage.close()
  }
}

/** The first fetch isn't a refresh. */
async function untilRefreshed(
  stage: Stage,
  child: ChildProcess,
  { refreshes, metricsPort }: Form,
): Promise<void> {
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}`)
    if (metricsPort) await scrape(metricsPort)
    const response = await fetch(`${stage.controlUrl}/requests`)
    const { requests } = (await response.json()) as { requests: { path: string }[] }
    return requests.filter(({ path }) => path.includes(`/${firstObject}`)).length > refreshes
  })
}

/** The agent doesn't serve yet while it starts. */
async function scrape(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined)
  await response?.text()
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + maxMs
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error('the agent doesn’t get there')
    await delay(200)
  }
}

/** The median of a second, because the memory of a refresh may be in use or not collected yet. */
async function settledMemory(child: ChildProcess): Promise<number> {
  await delay(1000)
  const seen: number[] = []
  for (let i = 0; i < 10; i++, await delay(100)) seen.push(anonymousBytes(child))
  return median(seen)
}

function anonymousBytes({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Anonymous:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024
}

const argumentsOf = ({ pid }: ChildProcess) =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')

/** From proc(5): the 14th and 15th field, in hundredths of a second. */
function cpuMsOf({ pid }: ChildProcess): number {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15)
  return (Number(user) + Number(system)) * 10
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
}
