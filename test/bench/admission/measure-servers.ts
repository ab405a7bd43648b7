import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { askProcess } from '../ask-process.ts'
import { median, milliseconds, printStep } from '../bench.ts'
import type { Load, LoadRequest, LoadResult } from './load.ts'
import type { MeasuredServer } from './servers.ts'
import { type Step, type StepName, steps } from './steps.ts'

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

interface MeasureOptions {
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
  for (const { path, load, slices, smokeSlices, name } of steps) {
    const count = isSmoke ? smokeSlices : slices
    for (let i = 0; i < count; i++)
      // Whichever comes second may find the machine warmer, or busier.
      for (const run of i % 2 === 0 ? runs : runs.toReversed()) {
        if (!run.isWebhook && load.reviews !== 'annotated') continue
        const before = cpuMs(run.pid)
        const target = { port: run.port, ca, path }
        const result = await askProcess<LoadResult>(generator, {
          ...loadOf(load, runs),
          target,
        } satisfies LoadRequest)
        if (name) run.keep(name, { ...result, cpuMs: (cpuMs(run.pid) - before) / result.answered })
      }
    if (name && count > 0) printStep(`${name}: ${runs.map((run) => run.report(name)).join(', ')}`)
  }
  return runs.map((run) => run.measured())
}

/** A share of a second's reviews is the same number for each server, or their latencies couldn't be compared. */
function loadOf(load: Step['load'], runs: readonly ServerRun[]): Load {
  if (load.kind !== 'share') return load
  const perSecond = Math.round(load.share * Math.min(...runs.map((run) => run.mostPerSecond())))
  return { kind: 'steady', reviews: load.reviews, count: perSecond, perSecond }
}

type ServerRun = ReturnType<typeof openRun>

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
    /** What it answers at full load. */
    mostPerSecond: () =>
      median((slices.warm ?? []).map(({ answered, tookMs }) => (answered / tookMs) * 1000)),
    report: (name: StepName) =>
      slices[name] === undefined
        ? '–'
        : milliseconds(median(slices[name].map(({ cpuMs }) => cpuMs))),
    measured: (): Measured => ({ idleBytes, peakBytes: memoryBytes(pid, 'VmHWM'), slices }),
  }
}

/** The CPU time of all threads, which the kernel counts in nanoseconds here (proc_pid_schedstat), not in hundredths of a second. */
export function cpuMs(pid: number): number {
  const ofThread = (thread: string) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + ofThread(thread), 0)
}

function memoryBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}
