import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, mebibytes, median, milliseconds } from './bench.ts'

export interface Run {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakBytes: number
}

/**
 * Runs Node until it exits. Linux reports the CPU time and the peak memory when the process ends.
 *
 * @param folder - where to keep a file while the process runs
 * @throws Error with the output if the process fails
 */
export async function measureProcess({
  folder,
  args,
  env = {},
  stderr = 'inherit',
}: {
  readonly folder: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly stderr?: 'inherit' | 'ignore'
}): Promise<Run> {
  const usageFile = join(folder, 'usage')
  // A short name (openStage).
  const tellUsage = join(folder, 'u.cjs')
  writeFileSync(tellUsage, tellUsageTo(usageFile))
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--require', tellUsage, ...args], {
    env,
    stdio: ['ignore', 'pipe', stderr],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'exit')
  const wallMs = performance.now() - startedAt
  if (code !== 0) throw new Error(`ended with ${code}: ${output}`)
  const { userCPUTime, systemCPUTime, peakKib } = JSON.parse(readFileSync(usageFile, 'utf8'))
  return { wallMs, cpuMs: (userCPUTime + systemCPUTime) / 1000, peakBytes: peakKib * 1024 }
}

/** Linux counts the memory of the bench itself, at the moment of the start, into `maxRSS` of its child, but not into VmHWM. */
const tellUsageTo = (file: string) => `process.on('exit', () => {
  const { readFileSync, writeFileSync } = require('node:fs')
  const { maxRSS, ...usage } = process.resourceUsage()
  const ofLinux = () => Number(/^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  const peakKib = process.platform === 'linux' ? ofLinux() : maxRSS
  writeFileSync(${JSON.stringify(file)}, JSON.stringify({ ...usage, peakKib }))
})`

export function medianOf(runs: readonly Run[]): Run {
  return {
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    cpuMs: median(runs.map(({ cpuMs }) => cpuMs)),
    peakBytes: median(runs.map(({ peakBytes }) => peakBytes)),
  }
}

/** @param idle - a Node process that does nothing, measured in turns with the others */
export function compareRuns(what: string, run: Run, idle: Run): Figure {
  const ratio = (run.cpuMs / idle.cpuMs).toFixed(2)
  return {
    what,
    value: `${ratio} × the CPU of node -e 0  (${milliseconds(run.cpuMs)}, ${milliseconds(run.wallMs)} in all), ${mebibytes(run.peakBytes)} at its peak`,
    ...(run !== idle && {
      // On a busy machine, the CPU time differs less than the time.
      ratios: { CPU: run.cpuMs / idle.cpuMs, memory: run.peakBytes / idle.peakBytes },
    }),
  }
}
