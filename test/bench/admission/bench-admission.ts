import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import { askProcess } from '../ask-process.ts'
import { type Bench, type Figure, mebibytes, median, milliseconds, perSecond } from '../bench.ts'
import type { Load, LoadResult } from './load.ts'

/** Compares the webhook with a bare server. Each runs on one core, and the load on another. */
export const benchAdmission: Bench = async ({ isSmoke }) => {
  const folder = await mkdtemp(join(tmpdir(), 'akv-injector-bench-'))
  try {
    const tls = await tlsFolder(folder)
    await tls.write(await tls.issue())
    const measureServer = (kind: 'bare' | 'webhook') =>
      measure({ kind, folder, ca: tls.ca, scale: isSmoke ? 0.1 : 1 })
    const turns: Turn[] = []
    for (let turn = 0; turn < 3; turn++)
      turns.push({ bare: await measureServer('bare'), webhook: await measureServer('webhook') })
    return figures(turns)
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Usage {
  readonly cpuMs: number
  readonly residentBytes: number
  readonly peakBytes: number
}

interface Measured extends LoadResult {
  /** The server's CPU time for one admission, with the warm-up. */
  readonly cpuMs: number
  readonly idleBytes: number
  readonly peakBytes: number
}

interface Turn {
  readonly bare: Measured
  readonly webhook: Measured
}

interface Measurement {
  readonly kind: 'bare' | 'webhook'
  readonly folder: string
  readonly ca: string
  /** 1 for reliable figures, less for a smoke run. */
  readonly scale: number
}

async function measure({ kind, folder, ca, scale }: Measurement): Promise<Measured> {
  const server = start('server.ts', [kind, folder])
  const generator = start('load.ts')
  try {
    const [{ port }] = await once(server, 'message')
    pin(server, 0)
    pin(generator, 1)
    await delay(2_000 * scale)
    const idle: Usage = await askProcess(server, 'usage')
    const load: Load = {
      target: { port, ca },
      warmUpMs: 3_000 * scale,
      throughputMs: 5_000 * scale,
      latencyMs: 10_000 * scale,
    }
    const result: LoadResult = await askProcess(generator, load)
    const after: Usage = await askProcess(server, 'usage')
    const cpuMs = (after.cpuMs - idle.cpuMs) / result.count
    return { ...result, cpuMs, idleBytes: idle.residentBytes, peakBytes: after.peakBytes }
  } finally {
    server.kill('SIGKILL')
    generator.kill('SIGKILL')
  }
}

/** Sets the young generation as the image does. A larger one causes pauses at a low load. */
function start(program: string, args: readonly string[] = []): ChildProcess {
  return fork(join(import.meta.dirname, program), args, {
    execArgv: ['--max-semi-space-size=4'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

/** Pins all threads of a process to one core, if the machine supports it (Linux) and has enough cores. */
function pin({ pid }: ChildProcess, core: number): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)])
}

/** Shows medians, and compares the two servers of each turn. */
function figures(turns: readonly Turn[]): Figure[] {
  const figure = (what: string, key: keyof Measured, show: (value: number) => string): Figure => {
    const of = (kind: keyof Turn) => show(median(turns.map((turn) => turn[kind][key])))
    const ratio = ratioOf(key)
    return {
      what,
      value: `${of('webhook')}  (bare Fastify ${of('bare')}, ratio ${ratio.toFixed(2)})`,
    }
  }
  const ratioOf = (key: keyof Measured) =>
    median(turns.map(({ webhook, bare }) => webhook[key] / bare[key]))
  const compared = (key: keyof Measured, kind: string) => ({ ratios: { [kind]: ratioOf(key) } })
  return [
    figure('admissions at full load', 'perSecond', perSecond),
    { ...figure('CPU time for one', 'cpuMs', milliseconds), ...compared('cpuMs', 'CPU') },
    figure('p50 at 500/s', 'p50Ms', milliseconds),
    figure('p99 at 500/s', 'p99Ms', milliseconds),
    {
      ...figure('resident memory, idle', 'idleBytes', mebibytes),
      ...compared('idleBytes', 'memory'),
    },
    {
      ...figure('resident memory, peak', 'peakBytes', mebibytes),
      ...compared('peakBytes', 'memory'),
    },
  ]
}
