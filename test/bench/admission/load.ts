// Runs as a process: sends requests to the server that a message names, and replies with what it found.

import { type Connection, isLost, openConnection, type Target } from './connection.ts'
import { type Reviews, reviewsOf } from './reviews.ts'

export interface Load {
  readonly reviews: Reviews
  /**
   * - `open`: opens the connections that `full` and `steady` use
   * - `full`: each connection sends its next review when it has the answer to the previous one
   * - `steady`: so many a second, whether they are answered or not
   * - `connect`: one after another, each on a connection of its own
   */
  readonly kind: 'open' | 'full' | 'steady' | 'connect'
  /** How many reviews, or how many connections to open. */
  readonly count: number
  readonly perSecond?: number
}

/** What the process is asked for. */
export interface LoadRequest extends Load {
  readonly target: Target
}

export interface LoadResult {
  readonly answered: number
  /** How many reviews had no answer, because the server closed the connection. */
  readonly lost: number
  readonly tookMs: number
  readonly latenciesMs: readonly number[]
}

/** The open connections to each server. */
const connectionsTo = new Map<number, Connection[]>()

async function run(load: LoadRequest): Promise<LoadResult> {
  const { target, reviews, kind, count, perSecond = 0 } = load
  const all = reviewsOf(reviews)
  const from = (i: number) => [...all.slice(i % all.length), ...all.slice(0, i % all.length)]
  const open = (i: number) => openConnection(target, from(i * 25))
  const connections = connectionsTo.get(target.port) ?? []
  const startMs = performance.now()
  const result = (latenciesMs: readonly number[], lost = 0): LoadResult => ({
    answered: latenciesMs.length,
    lost,
    tookMs: performance.now() - startMs,
    latenciesMs,
  })
  switch (kind) {
    case 'open':
      for (const connection of connections) connection.close()
      connectionsTo.set(
        target.port,
        await Promise.all(Array.from({ length: count }, (_, i) => open(i))),
      )
      return result([])
    case 'full': {
      const { latenciesMs, lost } = await sendAtFullLoad(connections, { open, count })
      return result(latenciesMs, lost)
    }
    case 'steady':
      return result(await sendSteadily(connections, { perSecond, count }))
    case 'connect':
      return result(
        await sendOneByOne({ count, open: (i) => openConnection(target, from(i).slice(0, 1)) }),
      )
    default:
      return kind satisfies never
  }
}

interface Sending {
  readonly open: (i: number) => Promise<Connection>
  readonly count: number
}

async function sendOneByOne({ open, count }: Sending): Promise<number[]> {
  const latenciesMs: number[] = []
  for (let i = 0; i < count; i++) {
    const startMs = performance.now()
    const connection = await open(i)
    await connection.request()
    connection.close()
    latenciesMs.push(performance.now() - startMs)
  }
  return latenciesMs
}

async function sendAtFullLoad(connections: Connection[], { open, count }: Sending) {
  const latenciesMs: number[] = []
  let sent = 0
  let lost = 0
  async function sendOn(i: number): Promise<void> {
    while (sent++ < count) {
      const startMs = performance.now()
      try {
        await connections[i]?.request()
        latenciesMs.push(performance.now() - startMs)
      } catch (error) {
        if (!isLost(error)) throw error
        lost++
        connections[i] = await open(i)
      }
    }
  }
  await Promise.all(connections.map((_, i) => sendOn(i)))
  return { latenciesMs, lost }
}

/**
 * Sends requests at fixed times, without waiting for answers, and measures from the time a request was due. A server
 * that pauses is charged for all requests that were due in the meantime.
 */
async function sendSteadily(
  connections: readonly Connection[],
  { perSecond, count }: { readonly perSecond: number; readonly count: number },
): Promise<number[]> {
  const free = [...connections]
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const asked: Promise<void>[] = []
  async function ask(connection: Connection, dueMs: number): Promise<void> {
    await connection.request()
    latenciesMs.push(performance.now() - dueMs)
    free.push(connection)
  }
  while (asked.length < count) {
    const dueMs = startMs + (asked.length / perSecond) * 1000
    const connection = performance.now() >= dueMs ? free.shift() : undefined
    if (connection) asked.push(ask(connection, dueMs))
    // A busy loop, because timers are too coarse. The process has a core to itself.
    else await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(asked)
  return latenciesMs
}

process.on('message', async (load: LoadRequest) => process.send?.(await run(load)))
process.send?.({ port: 0 })
// The bench has ended, perhaps by an error.
process.on('disconnect', () => process.exit())
