import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from './cluster.ts'
import { freePorts } from './free-ports.ts'

export interface Replica {
  readonly port: number
  /** As the kubelet ends a pod. @returns its exit code */
  terminate(): Promise<number | null>
  /** As the kernel ends what is out of memory. */
  kill(): void
}

/** Starts `akv-injector webhook` as a process of its own; resolves when it is ready. */
export async function startReplica(t: Test, tlsDir: string): Promise<Replica> {
  const [port = 0, healthPort = 0] = await freePorts(2)
  const program = join(import.meta.dirname, '../../cli/main.ts')
  const child = spawn(process.execPath, [program, 'webhook'], {
    env: {
      AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1',
      AKV_INJECTOR_LISTEN: `0.0.0.0:${port}`,
      AKV_INJECTOR_HEALTH_LISTEN: `127.0.0.1:${healthPort}`,
      AKV_INJECTOR_TLS_DIR: tlsDir,
      AKV_INJECTOR_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the webhook ended with ${child.exitCode}`)
    const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined)
    return answer?.ok === true
  })
  return { port, terminate: () => terminate(child), kill: () => void child.kill('SIGKILL') }
}

async function terminate(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  return child.exitCode
}
