import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import { parse } from 'yaml'
import { cpuSeconds } from '../../support/cpu-seconds.ts'
import { tlsFolder } from '../../webhook/http/tls-folder.ts'
import { raisePriority } from './raise-priority.ts'

export interface WebhookProcess {
  readonly port: number
  readonly healthPort: number
  readonly ca: string
  isAlive(): boolean
  /** The CPU time that the process has used so far. */
  cpuSeconds(): number
  /** The highest memory usage so far. */
  peakBytes(): number
}

/** The webhook's memory limit in the chart. */
export const memoryLimitBytes: number = Number.parseInt(chartValues().limit, 10) * 1024 * 1024

/** Where the process looks up classes. */
export interface ApiServerAddress {
  readonly port: number
  readonly ca: string
}

/**
 * Starts the real process with the chart's options for Node, on free ports of this machine. With an API server it serves the
 * volumes of the Secrets Store CSI Driver in all namespaces.
 */
export async function startWebhookProcess(
  t: Test,
  apiServer?: ApiServerAddress,
): Promise<WebhookProcess> {
  const tls = await tlsFolder(t.testdir())
  await tls.write(await tls.issue())
  const child = spawn(process.execPath, [`--import=${redirect}`, 'cli/main.ts', 'webhook'], {
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: chartValues().nodeOptions,
      AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1',
      AKV_INJECTOR_LISTEN: '127.0.0.1:0',
      AKV_INJECTOR_HEALTH_LISTEN: '127.0.0.1:0',
      AKV_INJECTOR_TLS_DIR: tls.folder,
      ...(apiServer && serveVolumes(apiServer, join(tls.folder, 'credentials'))),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  raisePriority(child.pid)
  return {
    ...(await readPorts(child)),
    ca: tls.ca,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    cpuSeconds: () => cpuSeconds(child.pid ?? 0),
    peakBytes: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
    },
  }
}

/** Reads the value of a metric, whose name has its labels. */
export async function readMetric(healthPort: number, name: string): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text()
  const line = metrics.split('\n').find((text) => text.startsWith(`${name} `))
  return Number(line?.slice(name.length))
}

const redirect = new URL('../../support/redirect-credentials.ts', import.meta.url).href

/** The environment of a webhook that looks up classes. */
function serveVolumes({ port, ca }: ApiServerAddress, folder: string) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'token'), 'test')
  writeFileSync(join(folder, 'ca.crt'), ca)
  return {
    AKV_INJECTOR_CSI: 'all',
    KUBERNETES_SERVICE_HOST: 'localhost',
    KUBERNETES_SERVICE_PORT: String(port),
    TEST_CREDENTIALS: folder,
  }
}

/** Reads the ports from the log, and then keeps reading, because a full pipe would block the process. */
function readPorts(child: ChildProcess): Promise<{ port: number; healthPort: number }> {
  return new Promise((resolve, reject) => {
    let port = 0
    child.once('exit', () => reject(new Error('the webhook ended before it listened')))
    if (child.stdout === null) throw new Error('the webhook has no standard output')
    createInterface(child.stdout).on('line', (line) => {
      const { message, healthPort } = JSON.parse(line)
      const [, listening] = /^Server listening at https:.*:(\d+)$/.exec(message) ?? []
      if (listening !== undefined) port = Number(listening)
      if (healthPort !== undefined) resolve({ port, healthPort })
    })
  })
}

function chartValues(): { readonly nodeOptions: string; readonly limit: string } {
  const { nodeOptions, resources } = parse(
    readFileSync('manifests/chart/values.yaml', 'utf8'),
  ).webhook
  return { nodeOptions, limit: resources.limits.memory }
}
