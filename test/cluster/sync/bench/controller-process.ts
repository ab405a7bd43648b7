import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { LoopReport } from '../../../bench/sync-accounts/observe-loop.ts'
import { cpuSeconds } from '../../../support/cpu-seconds.ts'
import { until } from '../../client/cluster.ts'
import { readKubeconfig } from '../../client/kubeconfig.ts'
import { startOwnedProcess } from '../../harness/owned-process.ts'

export interface ControllerOptions {
  /** The path of the bundle, as in the image. */
  readonly program: string
  /** More arguments. */
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The folder for its log. */
  readonly folder: string
}

/** A process of the controller, and the resources that it uses. */
export interface ControllerProcess {
  readonly startedAtMs: number
  /** The highest values since the last call. */
  memory(): Memory
  /** The CPU time since the start. */
  cpuSeconds(): number
  /** How long its main thread could have run since the start, but had no core. */
  starvedSeconds(): number
  /** How the event loop did since the last call, or since the start. */
  loop(): Promise<LoopReport>
  isReady(): Promise<boolean>
  /** The number of its connections to the API server, and to vaults and Entra. */
  connections(): Connections
  /** The sum of the series of this name in `/metrics` whose labels contain the text. */
  metric(name: string, labels?: string): Promise<number>
  stop(): Promise<unknown>
}

export interface Connections {
  readonly toApiServer: number
  readonly toOthers: number
}

export interface Memory {
  readonly residentBytes: number
  readonly anonymousBytes: number
}

const sampleMs = 250
const loopObserver = join(import.meta.dirname, '../../../bench/sync-accounts/observe-loop.ts')
let count = 0

export async function startControllerProcess(
  options: ControllerOptions,
): Promise<ControllerProcess> {
  const { program, flags, env, folder } = options
  const name = join(folder, `sync-${++count}`)
  const [logFile, pidFile] = [`${name}.log`, `${name}.pid`]
  const args = ['sync', '--health-listen=127.0.0.1:0', ...flags]
  const startedAtMs = performance.now()
  const child = startOwnedProcess({
    program: '/bin/sh',
    args: ['-c', 'echo $$ > "$0"; exec "$@"', pidFile, process.execPath, program, ...args],
    env: {
      PATH: process.env['PATH'],
      ...env,
      NODE_OPTIONS: `${env['NODE_OPTIONS'] ?? ''} --import ${JSON.stringify(loopObserver)}`,
    },
    logFile,
  })
  const portIn = (log: string) => /"healthPort":(\d+)/.exec(log)?.[1]
  await until(async () => portIn(readFileSync(logFile, 'utf8')) !== undefined)
  const url = `http://127.0.0.1:${portIn(readFileSync(logFile, 'utf8'))}`
  const get = (path: string) => fetch(`${url}${path}`, { headers: { connection: 'close' } })
  const pid = readFileSync(pidFile, 'utf8').trim()
  const nothing: Memory = { residentBytes: 0, anonymousBytes: 0 }
  let most = nothing
  const sample = () => {
    most = larger(most, memoryOf(pid))
  }
  const sampling = setInterval(sample, sampleMs)
  const loop = async (): Promise<LoopReport> => {
    const before = loopReports(logFile).length
    process.kill(Number(pid), 'SIGUSR2')
    await until(async () => loopReports(logFile).length > before)
    return JSON.parse(loopReports(logFile).at(-1) ?? '')
  }
  // Loading the modules blocks the event loop once, before there is anything to do.
  await loop()
  return {
    startedAtMs,
    memory() {
      sample()
      const found = most
      most = nothing
      return found
    },
    cpuSeconds: () => cpuSeconds(pid),
    // Linux: the time on a core, the time in the run queue, and how often it got a core.
    starvedSeconds: () =>
      Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9,
    loop,
    // On a busy machine, the server may close a connection before the request arrives.
    isReady: () =>
      get('/readyz').then(
        ({ ok }) => ok,
        () => false,
      ),
    connections: () => connectionsOf(pid, readKubeconfig(env['KUBECONFIG'] ?? '').server),
    async metric(name, labels = '') {
      const text = await (await get('/metrics').catch(() => get('/metrics'))).text()
      return text
        .split('\n')
        .filter((line) => /^[^{ ]+/.exec(line)?.[0] === name && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
    stop() {
      clearInterval(sampling)
      return child.stop()
    },
  }
}

/** Counts established connections that the process has opened (proc_pid_net_tcp): its servers' ports are local ones. */
function connectionsOf(pid: string, apiServer: URL): Connections {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => inodeOf(`/proc/${pid}/fd/${fd}`)))
  const all = ['tcp', 'tcp6']
    .flatMap((table) =>
      readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1),
    )
    .map((line) => line.trim().split(/\s+/))
  const listening = new Set(all.filter(([, , , state]) => state === '0A').map(portOf(1)))
  const opened = all.filter(
    (fields) => fields[3] === '01' && own.has(fields[9] ?? '') && !listening.has(portOf(1)(fields)),
  )
  const toApiServer = opened.filter((fields) => portOf(2)(fields) === Number(apiServer.port)).length
  return { toApiServer, toOthers: opened.length - toApiServer }
}

/** The port of the address in this column. */
const portOf = (column: number) => (fields: readonly string[]) =>
  Number.parseInt(fields[column]?.split(':')[1] ?? '', 16)

/** @returns the inode of a socket; undefined for another file, or for one that has been closed meanwhile */
function inodeOf(file: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(file))?.[1]
  } catch {
    return undefined
  }
}

const loopReports = (logFile: string): readonly string[] =>
  readFileSync(logFile, 'utf8').match(/^\{"longestDelayMs".*\}$/gm) ?? []

const larger = (a: Memory, b: Memory): Memory => ({
  residentBytes: Math.max(a.residentBytes, b.residentBytes),
  anonymousBytes: Math.max(a.anonymousBytes, b.anonymousBytes),
})

/** Reads the kernel's summary of the process. */
function memoryOf(pid: string): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]) * 1024
  return { residentBytes: bytes('Rss'), anonymousBytes: bytes('Anonymous') }
}
