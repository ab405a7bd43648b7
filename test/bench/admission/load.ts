// Runs as a process: sends requests to the server that a message names, and replies with what it found.

import { exampleReview } from '../../webhook/http/review.ts'
import { smallReviews } from '../varied-reviews.ts'
import { type Connection, isLost, openConnection, type Target } from './connection.ts'
import { servedReviews } from './served-reviews.ts'

/** Which reviews to send: of annotated pods, of pods with a served volume, or of pods with 400 secrets. */
export type Reviews = 'annotated' | 'served' | 'large'

export interface Load {
  readonly target: Target
  readonly reviews: Reviews
  /**
   * - `open`: opens the connections that the others use
   * - `full`: as many reviews as the server answers
   * - `steady`: so many a second, whether they are answered or not
   * - `connect`: each on a connection of its own
   */
  readonly kind: 'open' | 'full' | 'steady' | 'connect'
  readonly durationMs?: number
  readonly perSecond?: number
  readonly count?: number
}

export interface LoadResult {
  readonly answered: number
  /** How many reviews had no answer, because the server closed the connection. */
  readonly lost: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const connectionCount = 16

const bodies: Readonly<Record<Reviews, () => readonly string[]>> = {
  annotated: () => smallReviews(400),
  served: () => servedReviews(400),
  large: () =>
    [350, 450, 550].map((secrets) =>
      JSON.stringify(exampleReview({ annotations: manySecrets(secrets) })),
    ),
}

const manySecrets = (count: number) => ({
  'akv-injector.io/vault': 'team-a',
  'akv-injector.io/secrets': Array.from({ length: count }, (_, i) => `secret-number-${i}`).join(),
})

const made = new Map<Reviews, readonly string[]>()
function reviewsOf(kind: Reviews): readonly string[] {
  const found = made.get(kind) ?? bodies[kind]()
  made.set(kind, found)
  return found
}

let connections: Connection[] = []

async function run({
  target,
  reviews,
  kind,
  durationMs = 0,
  perSecond = 0,
  count = 0,
}: Load): Promise<LoadResult> {
  const all = reviewsOf(reviews)
  const from = (i: number) => [...all.slice(i % all.length), ...all.slice(0, i % all.length)]
  const open = (i: number) => openConnection(target, from(i * 25))
  switch (kind) {
    case 'open':
      for (const connection of connections) connection.close()
      connections = await Promise.all(Array.from({ length: connectionCount }, (_, i) => open(i)))
      return resultOf([], 0)
    case 'full':
      return await sendAtFullLoad({ open, durationMs })
    case 'steady':
      return resultOf(await sendSteadily({ perSecond, durationMs }), 0)
    case 'connect': {
      for (let i = 0; i < count; i++) {
        const connection = await openConnection(target, from(i).slice(0, 1))
        await connection.request()
        connection.close()
      }
      return resultOf(
        Array.from({ length: count }, () => 0),
        0,
      )
    }
    default:
      return kind satisfies never
  }
}

function resultOf(latencies: readonly number[], lost: number): LoadResult {
  const sorted = latencies.toSorted((a, b) => a - b)
  const quantile = (q: number) => sorted[Math.floor(sorted.length * q)] ?? Number.NaN
  return { answered: latencies.length, lost, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

/** Each connection sends its next request when it has the answer to the previous one. */
async function sendAtFullLoad({
  open,
  durationMs,
}: {
  readonly open: (i: number) => Promise<Connection>
  readonly durationMs: number
}): Promise<LoadResult> {
  const endMs = performance.now() + durationMs
  const latencies: number[] = []
  let lost = 0
  async function sendOn(i: number): Promise<void> {
    while (performance.now() < endMs) {
      const startMs = performance.now()
      try {
        await connections[i]?.request()
        latencies.push(performance.now() - startMs)
      } catch (error) {
        if (!isLost(error)) throw error
        lost++
        connections[i] = await open(i)
      }
    }
  }
  await Promise.all(connections.map((_, i) => sendOn(i)))
  return resultOf(latencies, lost)
}

/**
 * Sends requests at fixed times, without waiting for answers, and measures from the time a request was due. A server
 * that pauses is charged for all requests that were due in the meantime.
 */
async function sendSteadily({
  perSecond,
  durationMs,
}: {
  readonly perSecond: number
  readonly durationMs: number
}): Promise<number[]> {
  const free = [...connections]
  const latencies: number[] = []
  const startMs = performance.now()
  const count = (durationMs / 1000) * perSecond
  const asked: Promise<void>[] = []
  async function ask(connection: Connection, dueMs: number): Promise<void> {
    await connection.request()
    latencies.push(performance.now() - dueMs)
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
  return latencies
}

process.on('message', async (load: Load) => process.send?.(await run(load)))
process.send?.({ port: 0 })
// The bench has ended, perhaps by an error.
process.on('disconnect', () => process.exit())
