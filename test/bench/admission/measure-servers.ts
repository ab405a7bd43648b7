import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { askProcess } from '../ask-process.ts'
import type { LoadRequest, LoadResult } from './load.ts'
import type { MeasuredServer } from './servers.ts'
import { type StepName, steps } from './steps.ts'

/** What one run of a server gave. */
export interface Measured {
  readonly idleBytes: number
  readonly peakBytes: number
  readonly slices: Readonly<Partial<Record<StepName, readonly Slice[]>>>
}

export interface Slice extends LoadResult {
  /** The server's CPU time for one review. */
  readonly cpuMs: number
}

/** A server that has just started. */
export interface Candidate extends MeasuredServer {
  /** False for a server that only answers annotated pods of a usual size. */
  readonly isWebhook: boolean
}

export interface MeasureOptions {
  readonly generator: ChildProcess
  readonly ca: string
  readonly isSmoke: boolean
}

/**
 * Measures servers slice by slice, in turns, so that each has answered as many reviews as the others. The speed of a shared
 * machine changes from second to second, so only neighbouring slices can be compared.
 *
 * @returns what each server gave, in their order
 */
export async function measureServers(
  servers: readonly Candidate[],
  { generator, ca, isSmoke }: MeasureOptions,
): Promise<readonly Measured[]> {
  await delay(isSmoke ? 150 : 1_000)
  const runs = servers.map((server) => openRun(server))
  for (const { path, load, slices, smokeSlices, name } of steps)
    for (let i = 0; i < (isSmoke ? smokeSlices : slices); i++)
      // Whichever comes second may find the machine warmer, or busier.
      for (const run of i % 2 === 0 ? runs : runs.toReversed()) {
        if (!run.isWebhook && load.reviews !== 'annotated') continue
        const before = cpuMs(run.pid)
        const target = { port: run.port, ca, path }
        const result = await askProcess<LoadResult>(generator, {
          ...load,
          target,
        } satisfies LoadRequest)
        if (name) run.keep(name, { ...result, cpuMs: (cpuMs(run.pid) - before) / result.answered })
      }
  return runs.map((run) => run.measured())
}

function openRun({ process, port, isWebhook }: Candidate) {
  const pid = process.pid ?? 0
  const idleBytes = memoryBytes(pid, 'VmRSS')
  const slices: Partial<Record<StepName, Slice[]>> = {}
  return {
    pid,
    port,
    isWebhook,
    keep(name: StepName, slice: Slice): void {
      const kept = slices[name] ?? []
      kept.push(slice)
      slices[name] = kept
    },
    measured: (): Measured => ({ idleBytes, peakBytes: memoryBytes(pid, 'VmHWM'), slices }),
  }
}

/** The CPU time of all threads, which the kernel counts in nanoseconds here (proc_pid_schedstat), not in hundredths of a second. */
function cpuMs(pid: number): number {
  const ofThread = (thread: string) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + ofThread(thread), 0)
}

function memoryBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}
