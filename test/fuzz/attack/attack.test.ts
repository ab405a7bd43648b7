import { Agent, request } from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { csiPod } from '../../webhook/core/csi/example.ts'
import { exampleReview } from '../../webhook/http/review.ts'
import type { Target } from '../harness/attackers.ts'
import type { ClassServer } from '../harness/class-server.ts'
import { floods, leastFlood } from '../harness/flood-handshakes.ts'
import { raisePriority } from '../harness/raise-priority.ts'
import {
  memoryLimitBytes,
  readMetric,
  startWebhookProcess,
  type WebhookProcess,
} from '../harness/webhook-process.ts'

/**
 * An API server waits five seconds for a webhook. The test doesn't, because on a busy machine a call can wait longer while
 * the webhook isn't scheduled, and on a slow one everything takes longer. It counts the webhook's CPU time instead, in
 * honest reviews: in five seconds, a core of a usual node answers so many.
 */
const maxCost = 10_000
/** Ends a call that is never answered. */
const hangMs = 60_000

t.test('200 reviews a second pass during each attack', async (t) => {
  await reviewDuring(t, (target) => [{ ...target, seconds: 2 }])
})

t.test('200 reviews a second pass during all attacks at once', async (t) => {
  const workers = 5
  await reviewDuring(t, (target, maxCpuSeconds) =>
    Array.from({ length: workers }, (_, worker) => ({
      ...target,
      // A review that waits for the end of the attack has waited too long.
      seconds: 2 * maxCpuSeconds,
      share: { worker, workers },
    })),
  )
})

/** Reviews pods and probes the webhook until all attackers have ended. No review and no probe may fail. */
async function reviewDuring(
  t: Test,
  attackers: (target: Omit<Target, 'seconds'>, maxCpuSeconds: number) => readonly Target[],
): Promise<void> {
  raisePriority()
  const apiServer = await startClassServer(t)
  const webhook = await startWebhookProcess(t, apiServer)
  const { port, healthPort, ca } = webhook
  const pace = { perSecond: 200, atOnce: 16 }
  const review = reviewCaller(t, webhook, annotated)
  const maxCpuSeconds = maxCost * (await costOf(webhook, review))
  t.comment(
    `an undisturbed review costs ${((1000 * maxCpuSeconds) / maxCost).toFixed(2)} ms of CPU`,
  )
  const inTime = (call: () => Promise<void>) => within(maxCpuSeconds, webhook, call)
  const reviews = callSteadily(inTime(review), pace)
  // A sixth of the API server's time is theirs in the worst case: three addresses attack, and one shares theirs. That is
  // enough for ten times as many.
  const servedPace = { perSecond: 5, atOnce: 16 }
  const served = callSteadily(
    beforeOthers(apiServer, inTime(reviewCaller(t, webhook, withVolume))),
    servedPace,
  )
  const probes = callSteadily(
    inTime(() => probe(healthPort)),
    { perSecond: 2, atOnce: 1 },
  )
  t.teardown(() => [reviews.stop(), served.stop(), probes.stop()])
  await delay(1_000)
  const sent = new Int32Array(new SharedArrayBuffer(4 * (floods.length + 1)))
  await Promise.all(attackers({ port, healthPort, ca, sent }, maxCpuSeconds).map(untilEnded))

  const { absent, hostile } = apiServer.lookups()
  for (const [what, calls, least] of [
    ['reviews', reviews, 300],
    ['reviews with a served volume', served, 10],
    ['probes', probes, 4],
  ] as const) {
    const { failures, passed } = await calls.stop()
    t.strictSame(failures, {}, `${what}: none failed`)
    t.ok(passed >= least, `${passed} ${what} passed`)
  }
  t.ok(absent >= 32, `${absent} absent classes were looked up`)
  t.ok(hostile >= 4, `${hostile} hostile classes were looked up`)
  for (const [i, kind] of floods.entries())
    t.ok((sent[i] ?? 0) >= leastFlood, `${sent[i]} connections: ${kind}`)
  const trickles = sent[floods.length] ?? 0
  t.ok(trickles >= 50, `${trickles} connections: bodies in records of one byte`)
  t.ok(webhook.isAlive())
  for (const [what, least] of attackFloors) {
    const count = await readMetric(healthPort, what)
    t.ok(count >= least, `${what} ${count}`)
  }
  const peakBytes = webhook.peakBytes()
  t.ok(peakBytes < memoryLimitBytes, `${Math.round(peakBytes / 1024 / 1024)} MiB at most`)
}

/** An API server in a worker, so that neither the test nor the attackers slow it down. */
async function startClassServer(t: Test) {
  const authority = await issueTestAuthority()
  const { keyPem: key, certificatePem: cert } = await authority.issue()
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const workerData: ClassServer = { key, cert, delayMs: 50, counts }
  const worker = new Worker(new URL('../harness/class-server.ts', import.meta.url), { workerData })
  t.teardown(() => worker.terminate())
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  const lookups = () => ({ absent: counts[0] ?? 0, hostile: counts[1] ?? 0 })
  const total = () => lookups().absent + lookups().hostile
  return { port, ca: authority.certificatePem, lookups, recent: countRecent(t, total) }
}

/** How long the webhook waits for the API server. */
const lookUpMs = 2_000
/** A quarter of what the API server can answer in that time. */
const manyLookups = 160

/** Gives the growth of a total over the last {@link lookUpMs}. */
function countRecent(t: Test, total: () => number): () => number {
  const everyMs = 100
  const totals = [0]
  const timer = setInterval(() => {
    totals.push(total())
    if (totals.length > lookUpMs / everyMs) totals.shift()
  }, everyMs)
  t.teardown(() => clearInterval(timer))
  return () => total() - (totals[0] ?? 0)
}

interface ClassLookups {
  /** How many look-ups of the attackers the API server has seen while the webhook could wait for one. */
  readonly recent: () => number
}

/**
 * What a review says that was not looked up in time. After a while in which the webhook or the API server was not scheduled, the
 * honest caller has the most reviews waiting, and then the last of them have no room.
 */
const late = ['the API server did not answer within 2 s', 'too many look-ups are under way']

/**
 * Repeats a call that came too late, unless the API server answered many others while the webhook waited for it: only then was
 * the call in the wrong place of the webhook's queues. Otherwise one of the two was not scheduled. The call itself may have
 * taken longer, because the webhook has to accept its connection and read its body first.
 */
function beforeOthers({ recent }: ClassLookups, call: () => Promise<void>) {
  return async function repeat(): Promise<void> {
    try {
      await call()
    } catch (error) {
      const meanwhile = recent()
      if (!late.some((sentence) => String(error).includes(sentence))) throw error
      if (meanwhile >= manyLookups)
        throw new Error(`${error}, but answered ${meanwhile} look-ups of the attackers`)
      await repeat()
    }
  }
}

/** How hard the attackers must have tried. On most machines they do many times more. */
const attackFloors = [
  ['akv_injector_connections_closed_total{server="health"}', 30],
  ['akv_injector_admissions_total{outcome="denied",reason=""}', 5],
  ['akv_injector_admissions_total{outcome="invalid",reason=""}', 30],
] as const

function untilEnded(workerData: Target): Promise<void> {
  const worker = new Worker(new URL('../harness/attackers.ts', import.meta.url), { workerData })
  return new Promise((resolve, reject) =>
    worker.once('exit', () => resolve()).once('error', reject),
  )
}

/** The webhook's CPU time for one undisturbed review, in seconds, once it has compiled what it needs for one. */
async function costOf(webhook: WebhookProcess, review: () => Promise<void>): Promise<number> {
  const [warm, measured] = [1_500, 500]
  for (let i = 0; i < warm; i++) await review()
  const before = webhook.cpuSeconds()
  for (let i = 0; i < measured; i++) await review()
  return (webhook.cpuSeconds() - before) / measured
}

/** Fails a call if the webhook uses too much CPU time, for whichever requests, before it answers. */
function within(maxCpuSeconds: number, webhook: WebhookProcess, call: () => Promise<void>) {
  return async () => {
    const before = webhook.cpuSeconds()
    await call()
    const used = webhook.cpuSeconds() - before
    if (used > maxCpuSeconds)
      throw new Error(
        `the webhook used ${used.toFixed(1)} s of CPU before it answered, more than for ${maxCost} reviews (${maxCpuSeconds.toFixed(1)} s)`,
      )
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
