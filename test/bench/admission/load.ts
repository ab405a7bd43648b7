// Runs as a process: sends requests to the server that a message names, and replies with the measurements.

import { once } from 'node:events'
import { variedReviews } from '../varied-reviews.ts'
import { type Connection, openConnection, type Target } from './connection.ts'

export interface Load {
  readonly target: Target
  readonly warmUpMs: number
  readonly throughputMs: number
  readonly latencyMs: number
}

export interface LoadResult {
  /** The number of all requests. */
  readonly count: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const requestsPerSecond = 500
const connectionCount = 16

async function run({ target, warmUpMs, throughputMs, latencyMs }: Load): Promise<LoadResult> {
  const bodies = variedReviews(200)
  const connections = await Promise.all(
    Array.from({ length: connectionCount }, (_, i) =>
      openConnection(target, [...bodies.slice(i * 12), ...bodies.slice(0, i * 12)]),
    ),
  )
  const warmUp = await throughput(connections, warmUpMs)
  const { count, perSecond } = await throughput(connections, throughputMs)
  const latencies = (await openLoop(connections, latencyMs)).sort((a, b) => a - b)
  for (const connection of connections) connection.close()
  const quantile = (q: number) => latencies[Math.floor(latencies.length * q)] ?? Number.NaN
  return {
    count: warmUp.count + count + latencies.length,
    perSecond,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}

/** Each connection sends its next request when it has the answer to the previous one. */
async function throughput(connections: readonly Connection[], durationMs: number) {
  const startMs = performance.now()
  let count = 0
  async function askOn(connection: Connection): Promise<void> {
    while (performance.now() < startMs + durationMs) {
      await connection.request()
      count++
    }
  }
  await Promise.all(connections.map(askOn))
  return { count, perSecond: count / ((performance.now() - startMs) / 1000) }
}

/**
 * Sends requests at fixed times, without waiting for answers, and measures from the time a request was due. A server
 * that pauses is charged for all requests that were due in the meantime.
 */
async function openLoop(connections: readonly Connection[], durationMs: number): Promise<number[]> {
  const free = [...connections]
  const latencies: number[] = []
  const startMs = performance.now()
  const count = (durationMs / 1000) * requestsPerSecond
  const asked: Promise<void>[] = []
  async function ask(connection: Connection, dueMs: number): Promise<void> {
    await connection.request()
    latencies.push(performance.now() - dueMs)
    free.push(connection)
  }
  while (asked.length < count) {
    const dueMs = startMs + (asked.length / requestsPerSecond) * 1000
    const connection = performance.now() >= dueMs ? free.shift() : undefined
    if (connection) asked.push(ask(connection, dueMs))
    // A busy loop, because timers are too coarse. The process has a core to itself.
    else await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(asked)
  return latencies
}

const [load] = await once(process, 'message')
process.send?.(await run(load))
process.disconnect()
