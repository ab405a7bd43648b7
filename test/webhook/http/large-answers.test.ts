import type { IncomingMessage, ServerResponse } from 'node:http'
import { Worker } from 'node:worker_threads'
import t, { type Test } from 'tap'
import { plainProblem } from '../../../lib/problems/problem.ts'
import { createMetrics } from '../../../webhook/http/server/metrics.ts'
import { buildWebhookApp } from '../../../webhook/http/webhook-app.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import type { EagerClient, EagerResult } from './eager-client.ts'
import { exampleReview } from './review.ts'

/** Answers of all sizes: below and above what Node writes without a pause, up to more than the largest patch. */
const sizes = [1, 20, 31, 33, 63, 65, 78, 127, 129, 200, 400, 800, 1_500].map((kib) => kib * 1024)
const rounds = 4

/**
 * An app whose answers have the sizes that the namespace of the review names. By its clock, each review takes milliseconds, so
 * the next one has to wait for turns of the event loop.
 */
async function startSizedApp(t: Test) {
  let nowMs = 0
  const elapsedMs = () => {
    nowMs += 3
    return nowMs
  }
  const app = buildWebhookApp({
    elapsedMs,
    decide: ({ namespace }) => ({
      kind: 'injected',
      operations: [],
      warnings: [plainProblem('x'.repeat(Number(namespace.slice(1))))],
    }),
    metrics: createMetrics(),
    log: { level: 'error' },
  })
  const authority = await issueTestAuthority()
  const { certificatePem, keyPem } = await authority.issue()
  app.server.setSecureContext({ cert: certificatePem, key: keyPem })
  t.teardown(() => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  return { app, port, ca: authority.certificatePem }
}

const reviewFor = (bytes: number) => {
  const review = exampleReview()
  return JSON.stringify({ ...review, request: { ...review.request, namespace: `n${bytes}` } })
}

/**
 * Makes the client faster than the server: once the last piece of an answer is written, the server stands still until the
 * client has sent its next request.
 */
function letClientGoFirst(response: ServerResponse, sent: Int32Array): void {
  const before = Atomics.load(sent, 0)
  const { end } = response
  response.end = ((...written: Parameters<typeof end>) => {
    const ended = end.apply(response, written)
    Atomics.wait(sent, 0, before, 500)
    return ended
  }) as typeof end
}

t.test('a client that is faster than the server gets every answer on one connection', async (t) => {
  const { app, port, ca } = await startSizedApp(t)
  const sent = new Int32Array(new SharedArrayBuffer(4))
  const order = Array.from({ length: rounds }, () => sizes).flat()
  let connections = 0
  let early = 0
  let previous: ServerResponse | undefined
  app.server.on('secureConnection', () => connections++)
  app.server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
    if (previous?.writableFinished === false) early++
    previous = response
    letClientGoFirst(response, sent)
  })
  const client: EagerClient = { port, ca, bodies: order.map(reviewFor), sent }
  const worker = new Worker(new URL('eager-client.ts', import.meta.url), { workerData: client })
  const { answerBytes, problem } = await new Promise<EagerResult>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject)
  })
  t.equal(problem, undefined)
  t.equal(answerBytes.length, order.length, 'every request was answered')
  t.ok(Math.max(...answerBytes) > 1_500 * 1024)
  t.equal(connections, 1)
  t.comment(`${early} requests arrived before the server knew that its answer was sent`)
  t.ok(early >= rounds, 'at least after answers of one piece')
})
