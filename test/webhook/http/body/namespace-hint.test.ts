import fc from 'fast-check'
import t from 'tap'
import type { Caller } from '../../../../lib/fair/fair-queue.ts'
import { skipped } from '../../../../webhook/core/model/outcome.ts'
import { namespaceHint } from '../../../../webhook/http/body/namespace-hint.ts'
import { createMetrics } from '../../../../webhook/http/server/metrics.ts'
import { buildWebhookApp } from '../../../../webhook/http/webhook-app.ts'
import { numRuns } from '../../../support/property-runs.ts'
import { exampleReview } from '../review.ts'

const hintOf = (text: string) => namespaceHint(Buffer.from(text))

t.test('the hint is the namespace that an API server writes before the pod', async (t) => {
  const review = exampleReview()
  const labels = { ...review.request.object.metadata.labels, namespace: 'label' }
  const object = { ...review.request.object, metadata: { namespace: 'pod', labels } }
  t.equal(hintOf(JSON.stringify({ ...review, request: { ...review.request, object } })), 'shop')
})

t.test('the webhook works on a review when it is the turn of its namespace', async (t) => {
  const callers: Caller[] = []
  const app = buildWebhookApp({
    decide: () => skipped('not-annotated'),
    metrics: createMetrics(),
    log: { level: 'error' },
    takeTurn(caller, work) {
      callers.push(caller)
      work()
    },
  })
  const headers = { 'content-type': 'application/json' }
  await app.inject({ method: 'POST', url: '/mutate', payload: exampleReview(), headers })
  t.strictSame(callers, [{ address: '127.0.0.1', namespace: 'shop' }])
})

t.test('the hint comes after names of the greatest length', async (t) => {
  const { request, ...review } = exampleReview()
  const { namespace: _, ...rest } = request
  const named = { name: 'n'.repeat(253), namespace: 'n'.repeat(63) }
  const { object, oldObject, ...before } = rest
  const text = JSON.stringify({ ...review, request: { ...before, ...named, object, oldObject } })
  t.equal(hintOf(text), 'n'.repeat(63))
})

t.test('without a namespace in the first bytes, there is no hint', async (t) => {
  for (const text of [
    '',
    '{}',
    '{"namespace":',
    '{"namespace":"',
    '{"namespace":"open',
    '{"namespace":7}',
    `{"namespace":"${'n'.repeat(64)}"}`,
    `{"x":"${'x'.repeat(3_000)}","namespace":"late"}`,
  ])
    t.equal(hintOf(text), '', text.slice(0, 30))
})

t.test('the hint of any bytes is short', async () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array({ maxLength: 4_000 }), (before, after) => {
      const body = Buffer.concat([before, Buffer.from('"namespace":"'), after])
      return namespaceHint(body).length <= 63
    }),
    { numRuns },
  )
})
