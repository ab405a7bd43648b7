import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'yaml'

export interface MeasuredServer {
  readonly process: ChildProcess
  readonly port: number
}

/** The options of the chart, without which the young generation would grow and cause pauses at a low load. */
const { nodeOptions } = parse(readFileSync('manifests/chart/values.yaml', 'utf8')).webhook

/** Starts the webhook of a bundle with the options of the chart. It serves volumes, too. */
export async function startBundle(
  program: string,
  { tlsDir, apiServerPort }: { readonly tlsDir: string; readonly apiServerPort: number },
): Promise<MeasuredServer> {
  const credentials = join(tlsDir, 'credentials')
  mkdirSync(credentials, { recursive: true })
  writeFileSync(join(credentials, 'token'), 'bench')
  writeFileSync(join(credentials, 'ca.crt'), readFileSync(join(tlsDir, 'ca.crt')))
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
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  pin(child, 0)
  return { process: child, port: await readPort(child) }
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
export function pin({ pid }: ChildProcess, core: number): void {
  spawnSync('taskset', ['-a', '-p', '-c', String(core), String(pid)])
}

/** Reads the port from the log, and then keeps reading, because a full pipe would block the process. */
function readPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('the webhook ended before it listened')))
    if (child.stdout === null) throw new Error('the webhook has no standard output')
    createInterface(child.stdout).on('line', (line) => {
      const [, port] = /Server listening at https:[^"]*:(\d+)/.exec(line) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}
