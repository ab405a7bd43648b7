import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../../client/cluster.ts'
import { freePorts } from '../../harness/free-ports.ts'
import { lastLines } from '../../harness/last-lines.ts'
import { startOwnedProcess } from '../../harness/owned-process.ts'

export interface Replica {
  readonly port: number
  /** Sends SIGTERM, as the kubelet does. @returns the exit code */
  terminate(): Promise<number | null>
  /** Sends SIGKILL, as the kernel does when memory runs out. */
  kill(): void
}

/** Starts `akv-injector webhook` as a process, and resolves when it is ready. */
export async function startReplica(t: Test, tlsDir: string): Promise<Replica> {
  const [port = 0, healthPort = 0] = await freePorts(2)
  const logFile = join(tlsDir, `webhook-${port}.log`)
  const child = startOwnedProcess({
    program: process.execPath,
    args: [join(import.meta.dirname, '../../../../cli/main.ts'), 'webhook'],
    env: {
      AKV_INJECTOR_AGENT_IMAGE: 'registry.example/akv-injector:1',
      AKV_INJECTOR_LISTEN: `0.0.0.0:${port}`,
      AKV_INJECTOR_HEALTH_LISTEN: `127.0.0.1:${healthPort}`,
      AKV_INJECTOR_TLS_DIR: tlsDir,
      AKV_INJECTOR_LOG_LEVEL: 'warn',
    },
    logFile,
    // It ends by itself, but a busy machine may be late.
    graceSeconds: 600,
  })
  t.teardown(() => child.kill())
  let ended = false
  void child.ended.then(() => {
    ended = true
  })
  await until(async () => {
    if (ended) throw new Error(`the webhook ended. Its last output:\n${lastLines(logFile)}`)
    const answer = await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined)
    return answer?.ok === true
  })
  return { port, terminate: () => child.stop(), kill: () => child.kill() }
}
