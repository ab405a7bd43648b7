import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { askProcess } from '../ask-process.ts'
import type { Target } from './connection.ts'
import type { Load, LoadResult } from './load.ts'
import type { MeasuredServer } from './servers.ts'

/** What one run of a server found. Times are in milliseconds; CPU time is that of one review. */
export interface Measured {
  readonly idleBytes: number
  /** In the first seconds after the start. */
  readonly coldCpuMs: number
  readonly warmCpuMs: number
  readonly perSecond: number
  readonly connectCpuMs: number
  readonly largeCpuMs: number
  /** How many reviews had no answer. */
  readonly lost: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p99FastMs: number
  readonly servedColdCpuMs: number
  readonly servedCpuMs: number
  readonly servedConnectCpuMs: number
  readonly peakBytes: number
}

export interface MeasureOptions {
  readonly server: MeasuredServer
  readonly generator: ChildProcess
  readonly ca: string
  /** 1 for reliable figures, less for a smoke run, which measures no latencies. */
  readonly scale: number
  /** False for a server that only answers annotated pods of a usual size. */
  readonly isWebhook: boolean
}

/** Measures a server that has just started. */
export async function measureServer({
  server,
  generator,
  ca,
  scale,
  isWebhook,
}: MeasureOptions): Promise<Measured> {
  const pid = server.process.pid ?? 0
  const target: Target = { port: server.port, ca, path: '/mutate' }
  const served: Target = { ...target, path: '/mutate/csi' }
  let lost = 0
  const send = async (load: Load) => {
    const before = cpuMs(pid)
    const result: LoadResult = await askProcess(generator, load)
    lost += result.lost
    return { ...result, cpuMs: (cpuMs(pid) - before) / result.answered }
  }
  const open = (to: Target, reviews: Load['reviews']) => send({ target: to, reviews, kind: 'open' })
  const full = (to: Target, reviews: Load['reviews'], seconds: number) =>
    send({ target: to, reviews, kind: 'full', durationMs: seconds * 1000 * scale })
  const connect = (to: Target, reviews: Load['reviews']) =>
    send({ target: to, reviews, kind: 'connect', count: Math.max(400 * scale, 150) })
  const steady = (perSecond: number) =>
    scale < 1
      ? { p50Ms: Number.NaN, p99Ms: Number.NaN }
      : send({ target, reviews: 'annotated', kind: 'steady', perSecond, durationMs: 10_000 })
  const onlyWebhook = async <T>(measure: () => Promise<T>) =>
    isWebhook ? await measure() : undefined

  await delay(1_000 * scale)
  const idleBytes = memoryBytes(pid, 'VmRSS')
  await open(target, 'annotated')
  const cold = await full(target, 'annotated', 4)
  await full(target, 'annotated', 8)
  const warm = await full(target, 'annotated', 4)
  const slow = await steady(500)
  const fast = await steady(2_000)
  const connected = await connect(target, 'annotated')
  const large = await onlyWebhook(async () => {
    await open(target, 'large')
    return await full(target, 'large', 2)
  })
  const volumes = await onlyWebhook(async () => {
    await open(served, 'served')
    const cold = await full(served, 'served', 4)
    await full(served, 'served', 4)
    const warm = await full(served, 'served', 4)
    return { cold, warm, connected: await connect(served, 'served') }
  })
  return {
    idleBytes,
    coldCpuMs: cold.cpuMs,
    warmCpuMs: warm.cpuMs,
    perSecond: warm.answered / (4 * scale),
    connectCpuMs: connected.cpuMs,
    largeCpuMs: large?.cpuMs ?? Number.NaN,
    lost,
    p50Ms: slow.p50Ms,
    p99Ms: slow.p99Ms,
    p99FastMs: fast.p99Ms,
    servedColdCpuMs: volumes?.cold.cpuMs ?? Number.NaN,
    servedCpuMs: volumes?.warm.cpuMs ?? Number.NaN,
    servedConnectCpuMs: volumes?.connected.cpuMs ?? Number.NaN,
    peakBytes: memoryBytes(pid, 'VmHWM'),
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
