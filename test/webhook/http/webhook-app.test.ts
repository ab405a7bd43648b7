import { type AddressInfo, connect } from 'node:net'
import fc from 'fast-check'
import t from 'tap'
import { annotationPath } from '../../../lib/problems/problem.ts'
import type { AdmissionRequest } from '../../../webhook/core/model/admission-review.ts'
import { denied, type Outcome, skipped } from '../../../webhook/core/model/outcome.ts'
import { createMetrics } from '../../../webhook/http/server/metrics.ts'
import { buildWebhookApp, type WebhookAppOptions } from '../../../webhook/http/webhook-app.ts'
import { numRuns } from '../../support/property-runs.ts'
import { exampleReview } from './review.ts'

const json = { 'content-type': 'application/json' }
const operations = [{ op: 'add', path: '/spec/volumes/-', value: { name: 'x' } }] as const
const injected: Outcome = { kind: 'injected', operations, warnings: [] }

/** The app with one outcome for everybody, and what it logs. */
function testApp(
  decide: (request: AdmissionRequest) => Outcome = () => injected,
  options: Partial<WebhookAppOptions> = {},
) {
  const lines: string[] = []
  const metrics = createMetrics()
  const stream = { write: (line: string) => void lines.push(line) }
  const app = buildWebhookApp({ decide, metrics, log: { level: 'info', stream }, ...options })
  const post = (payload: string | Buffer | object, headers: Record<string, string> = json) =>
    app.inject({ method: 'POST', url: '/mutate?timeout=5s', payload, headers })
  return {
    app,
    post,
    log: () => lines.map((line) => JSON.parse(line)),
    count: async (labels: string) =>
      (await metrics.registry.getSingleMetricAsString('akv_injector_admissions_total'))
        .split('\n')
        .find((line) => line.includes(labels))
        ?.split(' ')[1],
  }
}

t.test('a review is answered with a review', async (t) => {
  const seen: AdmissionRequest[] = []
  const { post } = testApp((request) => {
    seen.push(request)
    return injected
  })
  const answer = await post(exampleReview())
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(answer.headers.connection, 'keep-alive')
  t.match(answer.json(), {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: exampleReview().request.uid, allowed: true, patchType: 'JSONPatch' },
  })
  t.match(seen, [{ kind: 'Pod', operation: 'CREATE', namespace: 'shop', dryRun: false }])
})

t.test('no character of the webhook’s log can control a terminal', async (t) => {
  const lines: string[] = []
  const stream = { write: (line: string) => void lines.push(line) }
  const metrics = createMetrics()
  const app = buildWebhookApp({ decide: () => injected, metrics, log: { level: 'info', stream } })
  app.log.warn({ reason: '\u009b31m' }, 'a\u202eb')
  t.match(lines, [/"reason":"\\u009b31m","message":"a\\u202eb"}\n$/])
})

t.test('the pod is handed on as it came', async (t) => {
  const object = JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{}},"n":1.0,"x":[]}')
  const { post } = testApp((request) => {
    t.strictSame(JSON.stringify(request.object), JSON.stringify(object))
    return injected
  })
  const review = exampleReview()
  await post(JSON.stringify({ ...review, request: { ...review.request, object } }))
  t.equal(Object.hasOwn(Object.prototype, 'a'), false)
  t.plan(2)
})

t.test('the content type may say that JSON is UTF-8', async (t) => {
  const { post } = testApp()
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON; charset=utf8',
  ])
    t.equal(
      (await post(JSON.stringify(exampleReview()), { 'content-type': type })).statusCode,
      200,
      type,
    )
})

t.test('anything but a review is refused with a sentence', async (t) => {
  const { app, post, count } = testApp()
  const review = exampleReview()
  const deep = `${'['.repeat(65)}${']'.repeat(65)}`
  const refused: [string, Awaited<ReturnType<typeof post>>, number, RegExp][] = [
    [
      'no body',
      await app.inject({ method: 'POST', url: '/mutate' }),
      400,
      /found a value that isn't a JSON object/,
    ],
    ['empty', await post('', json), 400, /found a body that is not JSON/],
    ['not JSON', await post('{', json), 400, /found a body that is not JSON/],
    ['a scalar', await post('1', json), 400, /expected an AdmissionReview/],
    ['null', await post('null', json), 400, /expected an AdmissionReview/],
    [
      'many values',
      await post(`[${'{},'.repeat(200_001)}1]`, json),
      400,
      /more than 200000 values/,
    ],
    ['deep', await post(`{"x":${deep}}`, json), 400, /nested more than 64 deep/],
    ['another kind', await post({ ...review, kind: 'Pod' }), 400, /found kind .*Pod/],
    [
      'another version',
      await post({ ...review, apiVersion: 'admission.k8s.io/v1beta1' }),
      400,
      /v1beta1/,
    ],
    ['no request', await post({ ...review, request: undefined }), 400, /has no request/],
    ['no uid', await post({ ...review, request: {} }), 400, /uid must be a string/],
    [
      'YAML',
      await post('a: 1', { 'content-type': 'application/yaml' }),
      415,
      /found "application\/yaml"/,
    ],
    [
      'no type',
      await post('{}', { 'content-type': '' }),
      415,
      /expected Content-Type application\/json/,
    ],
    [
      'UTF-16',
      await post('{}', { 'content-type': 'application/json; charset=utf-16' }),
      415,
      /utf-16/,
    ],
    ['huge', await post(' '.repeat(3 * 1024 * 1024 + 1), json), 413, /at most 3 MiB/],
    [
      'not a URL',
      await app.inject({ method: 'POST', url: '/%', payload: {} }),
      400,
      /^expected a valid URL path\n$/,
    ],
    ['GET', await app.inject('/mutate?x'), 405, /expected POST \/mutate, found GET/],
    [
      'elsewhere',
      await app.inject({ method: 'POST', url: '/x', payload: {} }),
      404,
      /nothing is served at \/x; send AdmissionReviews to POST \/mutate/,
    ],
  ]
  for (const [name, answer, status, sentence] of refused) {
    t.equal(answer.statusCode, status, name)
    t.match(answer.body, sentence, name)
    t.match(answer.headers, { connection: 'close', 'content-type': /^text\/plain/ }, name)
  }
  t.equal(refused.find(([name]) => name === 'GET')?.[1].headers['allow'], 'POST')
  t.equal(await count('outcome="invalid"'), String(refused.length))
})

t.test('a body of just the limit is read', async (t) => {
  const review = JSON.stringify(exampleReview())
  const { post } = testApp()
  t.equal((await post(review.padEnd(3 * 1024 * 1024), json)).statusCode, 200)
})

t.test('an answer counts as memory, too, until it is read', async (t) => {
  const value = 'x'.repeat(50 * 1024 * 1024)
  const { post } = testApp(() => ({ ...injected, operations: [{ op: 'add', path: '/x', value }] }))
  const answer = await post(exampleReview())
  t.equal(answer.statusCode, 429)
  t.equal(answer.body, 'too many large requests at once; try again\n')
  t.match(answer.headers, { connection: 'close', 'content-type': /^text\/plain/ })
})

t.test('a failure in the core is a denial with an id that the log has too', async (t) => {
  const { post, log, count } = testApp(() => {
    throw new RangeError('Maximum call stack size exceeded')
  })
  const answer = await post(exampleReview())
  t.equal(answer.statusCode, 200)
  const { allowed, status } = answer.json().response
  t.equal(allowed, false)
  const [line] = log()
  t.match(line, { level: 'error', outcome: 'failed', err: { stack: /RangeError: Maximum/ } })
  t.match(status.message, line.failureId)
  t.notMatch(status.message, /RangeError/)
  t.equal(await count('outcome="failed"'), '1')
})

t.test('a patch that cannot be written is such a failure', async (t) => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const { post } = testApp(() => ({
    ...injected,
    operations: [{ op: 'add', path: '/', value: circular }],
  }))
  t.match((await post(exampleReview())).json().response, { allowed: false, status: { code: 500 } })
})

t.test('each admission is one line of JSON and one count', async (t) => {
  const problems = [
    { path: annotationPath('akv-injector.io/x'), found: 'swordfish', sentence: 'is "swordfish"' },
  ]
  const cases: [Outcome, object, string][] = [
    [injected, { level: 'info', outcome: 'injected', operations: 1 }, 'outcome="injected"'],
    [
      skipped('turned-off'),
      { level: 'info', outcome: 'skipped', reason: 'turned-off' },
      'reason="turned-off"',
    ],
    [
      denied(problems),
      { level: 'warn', outcome: 'denied', problems: 1, subjects: ['akv-injector.io/x'] },
      'outcome="denied"',
    ],
  ]
  for (const [outcome, line, labels] of cases) {
    const { post, log, count } = testApp(() => outcome)
    await post(exampleReview({ annotations: { 'akv-injector.io/x': 'swordfish' } }))
    const lines = log()
    t.equal(lines.length, 1)
    t.match(lines[0], {
      ...line,
      message: String,
      time: /^\d{4}-\d\d-\d\dT.*Z$/,
      uid: exampleReview().request.uid,
      namespace: 'shop',
      pod: 'web-6f7d9c8b5d-',
      dryRun: false,
      durationMs: Number,
    })
    t.notMatch(JSON.stringify(lines), 'swordfish', 'no value of an annotation is logged')
    t.equal(await count(labels), '1')
  }
})

t.test('nothing in a review can make a second line, or a long one', async (t) => {
  const { post, log } = testApp(() =>
    denied(
      Array.from({ length: 1000 }, (_, i) => ({ path: [`${i}\n{"level":"x"}`], sentence: '' })),
    ),
  )
  const review = exampleReview()
  const names = { name: '\n{"level":"error"}'.repeat(1000), generateName: 1 }
  const request = {
    ...review.request,
    namespace: '\u2028\n'.repeat(1000),
    object: { metadata: names },
  }
  await post({ ...review, request })
  t.equal(log().length, 1)
  t.ok(JSON.stringify(log()).length < 8_000)
})

t.test('callers cannot fill the log', async (t) => {
  let nowMs = 0
  const { app, post, log } = testApp(undefined, { elapsedMs: () => nowMs })
  for (let i = 0; i < 100; i++) await app.inject({ method: 'GET', url: `/${i}` })
  for (let i = 0; i < 100; i++) await post('not JSON')
  for (let i = 0; i < 1_100; i++) await post(exampleReview())
  const lines = log().map(({ status, outcome }) => status ?? outcome)
  t.strictSame(lines.slice(0, 2), [404, 400])
  t.equal(lines.length, 2 + 1_000)

  nowMs = 10_000
  await post('not JSON')
  await post(exampleReview())
  t.match(log().slice(lines.length), [
    { outcome: 'invalid', status: 400, leftOut: 99 },
    { outcome: 'injected', leftOut: 100 },
  ])
})

t.test('any bytes get an answer, and never a 5xx', async () => {
  const { post } = testApp()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const { statusCode } = await post(Buffer.from(bytes))
      return statusCode >= 400 && statusCode < 500
    }),
    { numRuns },
  )
})

t.test('any JSON gets an answer, and never a 5xx', async () => {
  const { post } = testApp()
  const review = exampleReview()
  const values = fc.jsonValue({ maxDepth: 4 })
  const reviews = fc.oneof(
    values,
    fc.record({
      apiVersion: fc.constant(review.apiVersion),
      kind: fc.constant(review.kind),
      request: values,
    }),
    values.map((object) => ({ ...review, request: { ...review.request, object } })),
    fc
      .dictionary(fc.constantFrom(...Object.keys(review.request)), values)
      .map((request) => ({ ...review, request: { ...review.request, ...request } })),
  )
  await fc.assert(
    fc.asyncProperty(reviews, async (value) => {
      const { statusCode } = await post(JSON.stringify(value))
      return statusCode < 500
    }),
    { numRuns },
  )
})

t.test('a connection on which nobody speaks begins no TLS handshake', async (t) => {
  const { app } = testApp(undefined, { limits: { handshakeTimeoutMs: 20 } })
  t.teardown(() => app.close())
  // Node reports a handshake that takes too long.
  let handshakes = 0
  app.server.on('tlsClientError', () => handshakes++)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const silent = connect({ host: '127.0.0.1', port }).on('error', () => {})
  await new Promise((resolve) => silent.resume().once('close', resolve))
  t.equal(handshakes, 0)
})
