import { Agent, request } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { csiPod } from '../webhook/core/csi/example.ts'
import { exampleReview } from '../webhook/http/review.ts'
import type { Target } from './harness/attackers.ts'
import type { ClassServer } from './harness/class-server.ts'
import { raisePriority } from './harness/raise-priority.ts'
import {
  memoryLimitBytes,
  startWebhookProcess,
  type WebhookProcess,
} from './harness/webhook-process.ts'

/**
 * An API server waits five seconds for a webhook. The test counts the webhook's CPU time instead, because on a busy
 * machine a call can wait longer while the webhook isn't scheduled.
 */
const maxCpuSeconds = 5
/** Ends a call that is never answered. */
const hangMs = 60_000

t.test('200 reviews a second pass during each attack', async (t) => {
  await reviewDuring(t, (target) => [{ ...target, seconds: 2 }])
})

t.test('200 reviews a second pass during all attacks at once', async (t) => {
  const workers = 5
  await reviewDuring(t, (target) =>
    Array.from({ length: workers }, (_, worker) => ({
      ...target,
      seconds: 10,
      share: { worker, workers },
    })),
  )
})

/** Reviews pods and probes the webhook until all attackers have ended. No review and no probe may fail. */
async function reviewDuring(
  t: Test,
  attackers: (target: Omit<Target, 'seconds'>) => readonly Target[],
): Promise<void> {
  raisePriority()
  const apiServer = await startClassServer(t)
  const webhook = await startWebhookProcess(t, apiServer)
  const { port, healthPort, ca } = webhook
  const pace = { perSecond: 200, atOnce: 16 }
  const reviews = callSteadily(inTime(webhook, reviewCaller(t, webhook, annotated)), pace)
  // A sixth of the API server's time is theirs in the worst case: three addresses attack, and one shares theirs. That is
  // enough for ten times as many.
  const servedPace = { perSecond: 5, atOnce: 16 }
  const served = callSteadily(inTime(webhook, reviewCaller(t, webhook, withVolume)), servedPace)
  const probes = callSteadily(
    inTime(webhook, () => probe(healthPort)),
    { perSecond: 2, atOnce: 1 },
  )
  t.teardown(() => [reviews.stop(), served.stop(), probes.stop()])
  await delay(1_000)
  await Promise.all(attackers({ port, healthPort, ca }).map(untilEnded))

  for (const [what, calls, least] of [
    ['reviews', reviews, 100],
    ['reviews with a served volume', served, 5],
    ['probes', probes, 2],
  ] as const) {
    const { failures, passed } = await calls.stop()
    t.strictSame(failures, {}, `${what}: none failed`)
    t.ok(passed >= least, `${passed} ${what} passed`)
  }
  const [absent = 0, hostile = 0] = apiServer.counts
  t.ok(absent >= 32, `${absent} absent classes were looked up`)
  t.ok(hostile >= 4, `${hostile} hostile classes were looked up`)
  t.ok(webhook.isAlive())
  t.comment(await attackCounts(healthPort))
  const peakBytes = webhook.peakBytes()
  t.ok(peakBytes < memoryLimitBytes, `${Math.round(peakBytes / 1024 / 1024)} MiB at most`)
}

/** An API server in a worker, so that neither the test nor the attackers slow it down. */
async function startClassServer(t: Test) {
  const authority = await issueTestAuthority()
  const { keyPem: key, certificatePem: cert } = await authority.issue()
  const counts = new Int32Array(new SharedArrayBuffer(12))
  const workerData: ClassServer = { key, cert, delayMs: 50, counts }
  const worker = new Worker(new URL('./harness/class-server.ts', import.meta.url), { workerData })
  t.teardown(() => worker.terminate())
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  return { port, ca: authority.certificatePem, counts }
}

/** Shows how hard the attackers tried, which depends on the machine. */
async function attackCounts(healthPort: number): Promise<string> {
  const metrics = await (await fetch(`http://127.0.0.1:${healthPort}/metrics`)).text()
  const lines = metrics.match(/^akv_injector_(connections_closed|admissions)_total.*$/gm) ?? []
  return lines.join('; ')
}

function untilEnded(workerData: Target): Promise<void> {
  const worker = new Worker(new URL('./harness/attackers.ts', import.meta.url), { workerData })
  return new Promise((resolve, reject) =>
    worker.once('exit', () => resolve()).once('error', reject),
  )
}

/** Fails a call if the webhook uses too much CPU time, for whichever requests, before it answers. */
function inTime(webhook: WebhookProcess, call: () => Promise<void>) {
  return async () => {
    const before = webhook.cpuSeconds()
    await call()
    if (webhook.cpuSeconds() - before > maxCpuSeconds)
      throw new Error(`the webhook used more than ${maxCpuSeconds} s of CPU before it answered`)
  }
}

interface HonestReview {
  readonly path: string
  readonly body: string
}
const annotated: HonestReview = { path: '/mutate', body: JSON.stringify(exampleReview()) }
const withVolume: HonestReview = { path: '/mutate/csi', body: JSON.stringify(servedReview()) }

function servedReview() {
  const review = exampleReview({ annotations: {} })
  const object = { ...review.request.object, spec: csiPod().spec }
  return { ...review, request: { ...review.request, object } }
}

/**
 * Posts reviews as an API server does: over persistent connections, and without retries. Some calls open a connection, as
 * those of an API server that has just started.
 */
function reviewCaller(t: Test, { port, ca }: WebhookProcess, { path, body }: HonestReview) {
  const agent = new Agent({ keepAlive: true, timeout: 90_000 })
  t.teardown(() => agent.destroy())
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  let calls = 0
  return () =>
    new Promise<void>((resolve, reject) => {
      const isNew = ++calls % 20 === 0
      const options = {
        host: '127.0.0.1',
        servername: 'localhost',
        path,
        method: 'POST',
      }
      const signal = AbortSignal.timeout(hangMs)
      const call = request(
        { ...options, port, ca, agent: isNew ? false : agent, headers, signal },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk) => {
            text += chunk
          })
          response.on('error', reject)
          response.on('end', () => {
            const isPatched = response.statusCode === 200 && text.includes('"patch":')
            if (isPatched) resolve()
            else reject(new Error(`${response.statusCode} ${text.slice(0, 600)}`))
          })
        },
      )
      call.on('error', reject).end(body)
    })
}

/** Opens a connection for each probe, as the kubelet does. */
async function probe(port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(hangMs),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
}

interface Pace {
  readonly perSecond: number
  /** The limit of pending calls. A client that was delayed doesn't catch up with a burst. */
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
