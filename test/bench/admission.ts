import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tlsFolder } from '../webhook/http/tls-folder.ts'
import type { Load, LoadResult } from './admission-load.ts'
import { type Bench, type Figure, mebibytes, milliseconds, perSecond } from './bench.ts'

/** The webhook beside a bare server, each alone on one core, the load coming from another. */
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
  /** 1 for figures that mean something, less for a try. */
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

/** With the young generation that the image gives it: a larger one makes for pauses at a low load. */
function start(program: string, args: readonly string[] = []): ChildProcess {
  return fork(join(import.meta.dirname, program), args, {
    execArgv: ['--max-semi-space-size=4'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

/** To one core, all its threads, where the machine can do that (Linux) and has that many. */
function pin({ pid }: ChildProcess, core: number): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)])
}

/** Sends a message and gives the answer; fails when the process ends instead. */
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
