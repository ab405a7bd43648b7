import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Figure, mebibytes, milliseconds } from './bench.ts'

export interface Run {
  readonly wallMs: number
  readonly peakBytes: number
}

/**
 * Runs Node until it exits. Linux reports the peak memory when the process ends.
 *
 * @param folder - where to keep a file while the process runs
 * @throws Error with the output if the process fails
 */
export async function measureProcess({
  folder,
  args,
  env = {},
}: {
  readonly folder: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}): Promise<Run> {
  const peakFile = join(folder, 'peak')
  const tellPeak = join(folder, 'tell-peak.cjs')
  writeFileSync(
    tellPeak,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(peakFile)}, String(process.resourceUsage().maxRSS)))`,
  )
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--require', tellPeak, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const [code] = await once(child, 'exit')
  const wallMs = performance.now() - startedAt
  if (code !== 0) throw new Error(`ended with ${code}: ${output}`)
  return { wallMs, peakBytes: Number(readFileSync(peakFile, 'utf8')) * 1024 }
}

export function medianOf(runs: readonly Run[]): Run {
  const median = (values: readonly number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  return {
    wallMs: median(runs.map(({ wallMs }) => wallMs)),
    peakBytes: median(runs.map(({ peakBytes }) => peakBytes)),
  }
}

/** @param idle - a Node process that does nothing, measured in turns with the others */
export function compareRuns(what: string, run: Run, idle: Run): Figure {
  const ratio = (run.wallMs / idle.wallMs).toFixed(1)
  return {
    what,
    value: `${milliseconds(run.wallMs)}  (${ratio} × node -e 0), ${mebibytes(run.peakBytes)} at its peak`,
  }
}
