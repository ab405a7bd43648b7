import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import type { ManyConnections } from './connect-many.ts'

/** Blocks this thread, with the servers on it, until so many connections to one of them are open. More than Node's default. */
export async function openWhileBlocked(t: Test, port: number): Promise<void> {
  const count = 1_000
  const limit = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'))
  if (limit < count)
    return void t.pass('many connections', { skip: `net.core.somaxconn is ${limit}` })
  const opened = new Int32Array(new SharedArrayBuffer(4))
  const workerData: ManyConnections = { port, count, opened }
  const worker = new Worker(new URL('connect-many.ts', import.meta.url), { workerData })
  t.teardown(() => worker.terminate())
  await new Promise((resolve) => worker.once('online', resolve))
  const endMs = performance.now() + 600_000
  while (opened[0] !== count && performance.now() < endMs)
    Atomics.wait(opened, 0, opened[0] ?? 0, 100)
  t.equal(opened[0], count, 'connections were open before the server accepted one')
}
