import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface MeasuredServer {
  readonly process: ChildProcess
  readonly port: number
}

interface BundleOptions {
  readonly tlsDir: string
  readonly apiServerPort: number
  /** Of the chart that the bundle belongs to. */
  readonly nodeOptions: string
}

/** Starts the webhook of a bundle. It serves volumes, too. */
export async function startBundle(
  program: string,
  { tlsDir, apiServerPort, nodeOptions }: BundleOptions,
): Promise<MeasuredServer> {
  const credentials = join(tlsDir, 'credentials')
  mkdirSync(credentials, { recursive: true })
  writeFileSync(join(credentials, 'token'), 'bench')
  writeFileSync(join(credentials, 'ca.crt'), readFileSync(join(tlsDir, 'ca.crt')))
  const log = join(tlsDir, 'log')
  const redirect = new URL('../../support/redirect-credentials.ts', import.meta.url).href
  const child = spawn(process.execPath, [`--import=${redirect}`, program, 'webhook'], {
    env: {
      NODE_OPTIONS: nodeOptions,
      TEST_CREDENTIALS: credentials,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(apiServerPort),
      AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1',
      AKV_INJECTOR_CSI: 'all',
      AKV_INJECTOR_LISTEN: '127.0.0.1:0',
      AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
      AKV_INJECTOR_TLS_DIR: tlsDir,
    },
    // A file, because whoever read a pipe would interrupt the server, or the load, for each line.
    stdio: ['ignore', openSync(log, 'w'), 'inherit'],
  })
  pin(child, 0)
  return { process: child, port: await readPort(child, log) }
}

/** Starts a program of this folder that reports its port. */
export async function startProgram(
  program: string,
  { args, core }: { readonly args: readonly string[]; readonly core: number },
): Promise<MeasuredServer> {
  const child = fork(join(import.meta.dirname, program), args, {
    execArgv: ['--max-semi-space-size=4'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  pin(child, core)
  const [{ port }] = await once(child, 'message')
  return { process: child, port }
}

/** Pins all threads of a process to one core, if the machine supports it (Linux) and has enough cores. */
export function pin({ pid }: Pick<ChildProcess, 'pid'>, core: number): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)])
}

/** Waits for the line of the log that names the port. */
async function readPort(child: ChildProcess, log: string): Promise<number> {
  for (;;) {
    const [, port] = /Server listening at https:[^"]*:(\d+)/.exec(readFileSync(log, 'utf8')) ?? []
    if (port !== undefined) return Number(port)
    if (child.exitCode !== null) throw new Error('the webhook ended before it listened')
    await delay(20)
  }
}
