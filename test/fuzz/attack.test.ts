import { Agent, request } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { exampleReview } from '../webhook/http/review.ts'
import type { Target } from './harness/attackers.ts'
import { raisePriority } from './harness/raise-priority.ts'
import {
  memoryLimitBytes,
  startWebhookProcess,
  type WebhookProcess,
} from './harness/webhook-process.ts'

const secondsEach = 2
/** An API server's, and more than a kubelet's. */
const timeoutMs = 5_000

t.test('200 reviews a second pass while others attack', async (t) => {
  raisePriority()
  const webhook = await startWebhookProcess(t)
  const { port, healthPort, ca } = webhook
  const reviews = callSteadily(reviewCaller(webhook), { perSecond: 200, atOnce: 16 })
  const probes = callSteadily(() => probe(healthPort), { perSecond: 2, atOnce: 1 })
  t.teardown(() => [reviews.stop(), probes.stop()])
  await delay(1_000)
  const workerData: Target = { port, healthPort, ca, secondsEach }
  const attackers = new Worker(new URL('./harness/attackers.ts', import.meta.url), { workerData })
  await new Promise((resolve, reject) => attackers.once('exit', resolve).once('error', reject))

  const reviewed = await reviews.stop()
  t.strictSame(reviewed.failures, {})
  t.comment(`${reviewed.passed} reviews passed`)
  const probed = await probes.stop()
  t.strictSame(probed.failures, {})
  t.comment(`${probed.passed} probes passed`)
  t.ok(webhook.isAlive())
  const peakBytes = webhook.peakBytes()
  t.ok(peakBytes < memoryLimitBytes, `${Math.round(peakBytes / 1024 / 1024)} MiB at most`)
})

/** Posts reviews as an API server does: over connections that it keeps, and without trying anything twice. */
function reviewCaller({ port, ca }: WebhookProcess) {
  const agent = new Agent({ keepAlive: true, timeout: 90_000 })
  t.teardown(() => agent.destroy())
  const body = JSON.stringify(exampleReview())
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return () =>
    new Promise<void>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        servername: 'localhost',
        path: '/mutate',
        method: 'POST',
      }
      const signal = AbortSignal.timeout(timeoutMs)
      const call = request({ ...options, port, ca, agent, headers, signal }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk) => {
          text += chunk
        })
        response.on('error', reject)
        response.on('end', () => {
          const isPatched = response.statusCode === 200 && text.includes('"patch":')
          if (isPatched) resolve()
          else reject(new Error(`${response.statusCode} ${text.slice(0, 200)}`))
        })
      })
      call.on('error', reject).end(body)
    })
}

/** Each probe has a connection of its own, as a kubelet's has. */
async function probe(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
}

interface Pace {
  readonly perSecond: number
  /** How many calls may wait for their answers. A client that was held up doesn't catch up with a burst. */
  readonly atOnce: number
}

/** Calls at a steady rate. */
function callSteadily(call: () => Promise<void>, { perSecond, atOnce }: Pace) {
  const failures: Record<string, number> = {}
  const calls = new Set<Promise<void>>()
  let passed = 0
  let dueMs = performance.now()

  async function count(): Promise<void> {
    try {
      await call()
      passed++
    } catch (error) {
      failures[String(error)] = (failures[String(error)] ?? 0) + 1
    }
  }
  const timer = setInterval(() => {
    for (const nowMs = performance.now(); dueMs < nowMs; dueMs += 1_000 / perSecond) {
      if (calls.size >= atOnce) continue
      const counted = count().finally(() => calls.delete(counted))
      calls.add(counted)
    }
  }, 5)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.all(calls)
      return { passed, failures }
    },
  }
}
