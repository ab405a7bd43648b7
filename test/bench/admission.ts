import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tlsFolder } from '../webhook/http/tls-folder.ts'
import type { Load, LoadResult } from './admission-load.ts'
import { type Bench, type Figure, mebibytes, milliseconds, perSecond } from './bench.ts'

/** Compares the webhook with a bare server. Each runs on one core, and the load on another. */
export const benchAdmission: Bench = async ({ isSmoke }) => {
  const folder = await mkdtemp(join(tmpdir(), 'akv-injector-bench-'))
  try {
    const tls = await tlsFolder(folder)
    await tls.write(await tls.issue())
    const measureServer = (kind: 'bare' | 'webhook') =>
      measure({ kind, folder, ca: tls.ca, scale: isSmoke ? 0.1 : 1 })
    const bare = await measureServer('bare')
    const webhook = await measureServer('webhook')
    return figures(webhook, bare)
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Memory {
  readonly residentBytes: number
  readonly peakBytes: number
}

interface Measured extends LoadResult {
  readonly idleBytes: number
  readonly peakBytes: number
}

interface Measurement {
  readonly kind: 'bare' | 'webhook'
  readonly folder: string
  readonly ca: string
  /** 1 for reliable figures, less for a smoke run. */
  readonly scale: number
}

async function measure({ kind, folder, ca, scale }: Measurement): Promise<Measured> {
  const server = start('admission-server.ts', [kind, folder])
  const generator = start('admission-load.ts')
  try {
    const [{ port }] = await once(server, 'message')
    pin(server, 0)
    pin(generator, 1)
    await delay(2_000 * scale)
    const idle: Memory = await ask(server, 'memory')
    const load: Load = {
      target: { port, ca },
      warmUpMs: 3_000 * scale,
      throughputMs: 5_000 * scale,
      latencyMs: 10_000 * scale,
    }
    const result: LoadResult = await ask(generator, load)
    const after: Memory = await ask(server, 'memory')
    return { ...result, idleBytes: idle.residentBytes, peakBytes: after.peakBytes }
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

/** Sends a message and resolves with the reply. Rejects if the process ends first. */
async function ask<T>(child: ChildProcess, message: object | string): Promise<T> {
  child.send(message)
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the bench ended with ${code}`)
  })
  const [answer] = await Promise.race([once(child, 'message'), ended])
  return answer
}

function figures(webhook: Measured, bare: Measured): Figure[] {
  const beside = (value: number, other: number, show: (value: number) => string) =>
    `${show(value)}  (bare Fastify ${show(other)}, ratio ${(value / other).toFixed(2)})`
  return [
    {
      what: 'admissions at full load',
      value: beside(webhook.perSecond, bare.perSecond, perSecond),
    },
    { what: 'p50 at 500/s', value: beside(webhook.p50Ms, bare.p50Ms, milliseconds) },
    { what: 'p99 at 500/s', value: beside(webhook.p99Ms, bare.p99Ms, milliseconds) },
    {
      what: 'resident memory, idle',
      value: beside(webhook.idleBytes, bare.idleBytes, mebibytes),
    },
    {
      what: 'resident memory, peak',
      value: beside(webhook.peakBytes, bare.peakBytes, mebibytes),
    },
  ]
}
